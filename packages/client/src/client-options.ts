import type { ConnectTls, Env } from '@rockhopper/env'
import type { AclCredentials } from './acl-signature.js'
import type { ClientHook } from './client-hook.js'

/** What every client takes. */
export interface ClientOptions {
  /** Name servers, `host:port` joined by `;`. One that answers is enough. */
  readonly namesrvAddr: string
  /** Clock, sockets, files. Default: the real ones (`createNodeEnv()`). */
  readonly env?: Env
  /**
   * Second half of the client id `<ip>@<instanceName>`. Default `<pid>#<number>`, different for every client
   * of a process. Two live clients of one group must not have the same id.
   */
  readonly instanceName?: string
  /** The ip in the client id. Default: the first address of this machine that is not loopback. */
  readonly clientIp?: string
  /** Speak TLS to name servers and brokers; `{}` takes every default. Default: plain text. */
  readonly tls?: ConnectTls
  /** Signs every request, for name servers and brokers that ask who calls (ACL 1.0 and 2.0). */
  readonly acl?: AclCredentials
  /**
   * Uses only brokers of this zone, case not regarded, and those whose master is away (Apache:
   * `rocketmq.zone` with `rocketmq.zone.mode`). A broker's zone is its `zoneName`. Default: all brokers.
   */
  readonly zoneName?: string
  /** Deadline of a request that has none of its own. Default 3000 ms. */
  readonly requestTimeoutMs?: number
  /** Default 3000 ms. */
  readonly connectTimeoutMs?: number
  /** How often known routes are asked for again. Default 30,000 ms. */
  readonly pollNameServerIntervalMs?: number
  /** Default 30,000 ms. The broker forgets a client after 120 s. */
  readonly heartbeatBrokerIntervalMs?: number
  /** Sees every send and every listener call, for metrics and tracing. */
  readonly hooks?: readonly ClientHook[]
  /**
   * Writes RocketMQ's message traces, which `mqadmin queryMsgTraceById` and dashboards read. The broker needs
   * `traceTopicEnable` (or the topic). Default false.
   */
  readonly enableTrace?: boolean
  /** Topic of the traces. Default RMQ_SYS_TRACE_TOPIC. */
  readonly traceTopic?: string
}
