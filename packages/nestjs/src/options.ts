import type { Deserializer, Serializer } from '@nestjs/microservices'
import type { ClientOptions } from '@rockhopper/client'
import type { Env } from '@rockhopper/env'
import type { RocketMQTransactionOptions } from './client-transactions.js'
import type { BodyCodecName } from './codec.js'
import { RocketMQSetupError } from './exceptions.js'
import type { RocketMQInstrumentation } from './instrumentation.js'
import type { RocketMQClients } from './native.js'
import type { ClassifyError } from './retry-policy.js'
import type { TopicSchemas } from './topic-schema.js'

/** What server and client have in common. Durations are milliseconds. */
export interface RocketMQConnectionOptions {
  /** `host:port;host:port`; default the environment variable ROCKETMQ_NAMESRV_ADDR. */
  readonly namesrvAddr?: string
  /** Producer group; default `rockhopper-nestjs`. Used as given. */
  readonly producerGroup?: string
  /** Form of message bodies; default `json`. */
  readonly codec?: BodyCodecName
  /** Speak TLS to name servers and brokers; `{}` takes every default. Default: plain text. */
  readonly tls?: ClientOptions['tls']
  /** Access key and secret, for a cluster that asks who calls; every request is signed. */
  readonly acl?: ClientOptions['acl']
  /**
   * How often to look for a name server before `listen` or `connect` fails; default 8 (about 12 s). 0: never
   * look.
   */
  readonly connectAttempts?: number
  /** Tracing and metrics: `openTelemetry()`, `prometheus()`, or your own. */
  readonly instrumentation?: readonly RocketMQInstrumentation[]
  /** Clock, sockets and chance; default this machine's. */
  readonly env?: Env
  /** Producers and consumers; default those of `@rockhopper/client`. */
  readonly clients?: RocketMQClients
}

export interface RocketMQServerOptions extends RocketMQConnectionOptions {
  /** Group of the handlers that name none. Used as given. */
  readonly consumerGroup?: string
  /** Messages handled at the same time per group; default 20, as the Java client. */
  readonly concurrency?: number
  /** Deliveries after the first one before a message goes to `%DLQ%group`; the broker's default is 16. */
  readonly maxReconsumeTimes?: number
  /** Where a group that never consumed begins (also ms since 1970, or an ISO date); default the client's. */
  readonly from?: 'first' | 'last' | number | string
  /**
   * How long `close` waits for running handlers; default 10,000. What runs on goes back to the broker, which
   * counts as an attempt and takes at most three seconds more.
   */
  readonly shutdownTimeoutMs?: number
  /**
   * Tells the members of a `broadcast` or `orderly` group on one host apart: each needs its own, the same
   * after a restart. It names the file of a broadcast member's offsets (default `DEFAULT`), and lets an
   * orderly one that was killed go on with its queues at once; without a name they stay locked for a minute.
   * Groups that merely share messages do not use it.
   */
  readonly instanceName?: string
  /** Directory of the offsets of `broadcast` groups; default `.rocketmq_offsets` in the home directory. */
  readonly offsetStoreDir?: string
  /** False: nothing is pulled before `resume()`. Default true. */
  readonly autoStart?: boolean
  /** A body that cannot be decoded; default `dead-letter`. */
  readonly onUndecodable?: MessagePolicy
  /** A payload that its schema (`topics`) refuses; default `dead-letter`. */
  readonly onInvalid?: MessagePolicy
  /** Schemas of `defineTopics`: payloads of these topics are checked whoever handles them. */
  readonly topics?: TopicSchemas
  /** What errors mean, before the lists of a handler's policy are asked. */
  readonly classifyError?: ClassifyError
  /** How often the list of topics is looked through for those of regular expressions; default 30,000. */
  readonly topicRefreshMs?: number
  /** A message no handler takes, such as one retried after its handler was removed; default `dead-letter`. */
  readonly onUnhandled?: MessagePolicy
  /**
   * Replaces the codec for bodies that come in: gets the body, and `{ channel, message }`. May be
   * asynchronous.
   */
  readonly deserializer?: Deserializer
  /** Replaces the codec for replies: gets the value, returns a Uint8Array or string. May be asynchronous. */
  readonly serializer?: Serializer
}

export interface RocketMQClientOptions extends RocketMQConnectionOptions {
  /** How long a request waits for its answer; default 5,000. */
  readonly requestTimeoutMs?: number
  /** How long a send waits for the broker, retries included; default the client's 3,000. */
  readonly sendTimeoutMs?: number
  /** For `transaction()`: who answers brokers that ask what became of one. */
  readonly transactions?: RocketMQTransactionOptions
  /** Replaces the codec for replies that come in. May be asynchronous. */
  readonly deserializer?: Deserializer
  /** Replaces the codec for bodies that go out: returns a Uint8Array or string. May be asynchronous. */
  readonly serializer?: Serializer
}

export type MessagePolicy = 'dead-letter' | 'retry' | 'ignore'

/** Options of `RocketMQModule`: what both sides share, and what is one side's own. */
export interface RocketMQModuleOptions extends RocketMQConnectionOptions {
  readonly server?: Omit<RocketMQServerOptions, keyof RocketMQConnectionOptions>
  readonly client?: Omit<RocketMQClientOptions, keyof RocketMQConnectionOptions>
}

export const DEFAULT_PRODUCER_GROUP = 'rockhopper-nestjs'

/** @throws RocketMQSetupError when neither the option nor the environment variable names a server. */
export function nameServerAddress(options: RocketMQConnectionOptions): string {
  const address = options.namesrvAddr ?? process.env['ROCKETMQ_NAMESRV_ADDR']
  if (address !== undefined && address !== '') return address
  throw new RocketMQSetupError(
    'no name server: set the option namesrvAddr or the environment variable ROCKETMQ_NAMESRV_ADDR',
  )
}
