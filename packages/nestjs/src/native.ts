import {
  type ClientOptions,
  Producer,
  type ProducerOptions,
  PushConsumer,
  type PushConsumerOptions,
} from '@rockhopper/client'
import type { Env } from '@rockhopper/env'
import { MqError, parseHost } from '@rockhopper/message'

export type NativeProducer = Pick<Producer, 'start' | 'shutdown' | 'send' | 'request'>
export type NativeConsumer = Pick<PushConsumer, 'subscribe' | 'start' | 'suspend' | 'resume' | 'shutdown'>

/**
 * Where the transport gets its producers and consumers: a seam, so that tests can put a broker in memory behind
 * it. What is made does nothing before its `start`.
 */
export interface RocketMQClients {
  producer(options: ProducerOptions): NativeProducer
  consumer(options: PushConsumerOptions): NativeConsumer
  /** Resolves when a name server of the list answers, rejects when none does. */
  probe(options: ClientOptions & { readonly env: Env }): Promise<void>
}

export const nativeClients: RocketMQClients = {
  producer: (options) => new Producer(options),
  consumer: (options) => new PushConsumer(options),
  probe,
}

const PROBE_TIMEOUT_MS = 3_000

/** One address that takes a connection is enough. */
async function probe({ namesrvAddr, env, tls }: Parameters<RocketMQClients['probe']>[0]): Promise<void> {
  const addresses = namesrvAddr.split(';').filter((address) => address.trim() !== '')
  const attempts = addresses.map(async (address) => {
    const server = parseHost(address.trim())
    if (server === undefined) throw new MqError('ADDRESS_ILLEGAL', `reading '${address}'`)
    const target = { host: server.address, port: server.port, timeoutMs: PROBE_TIMEOUT_MS }
    const socket = await env.net.connect(tls === undefined ? target : { ...target, tls })
    socket.destroy()
  })
  try {
    await Promise.any(attempts)
  } catch (error) {
    const cause = error instanceof AggregateError ? error.errors[0] : error
    throw new MqError('NAME_SERVER_UNREACHABLE', `looking for a name server at ${namesrvAddr}`, { cause })
  }
}
