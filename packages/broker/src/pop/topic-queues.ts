import type { Clock, Log } from '@rockhopper/env'
import { isReadable } from '@rockhopper/message'
import { type MessageQueue, type RemotingClient, ResponseCode, TopicRouteData } from '@rockhopper/remoting'
import { rethrowAssertion } from '@rockhopper/store'
import type { BrokerConfig } from '../config.js'
import type { Topics } from '../topics.js'

/** Routes kept; past it the oldest goes. Topic names come from the wire. */
const ROUTES_MAX = 10_000
const ASK_TIMEOUT_MS = 3_000

export interface TopicQueuesParts {
  readonly clock: Clock
  readonly log: Log
  readonly client: RemotingClient
  readonly config: BrokerConfig
  readonly topics: Topics
}

interface Known {
  readonly queues: readonly MessageQueue[]
  readonly at: number
}

/**
 * The readable queues of a topic in the whole cluster, as the name servers tell them (Apache:
 * TopicRouteInfoManager). A broker without a name server knows its own.
 */
export class TopicQueues {
  readonly #parts: TopicQueuesParts
  readonly #known = new Map<string, Known>()
  readonly #asking = new Map<string, Promise<readonly MessageQueue[] | undefined>>()

  constructor(parts: TopicQueuesParts) {
    this.#parts = parts
  }

  /** Undefined when nobody knows the topic. */
  async of(topic: string): Promise<readonly MessageQueue[] | undefined> {
    const { clock, config } = this.#parts
    const known = this.#known.get(topic)
    if (known !== undefined && clock.monotonic() - known.at < config.loadBalancePollNameServerInterval) {
      return known.queues
    }
    const asking = this.#asking.get(topic) ?? this.#ask(topic)
    this.#asking.set(topic, asking)
    try {
      return (await asking) ?? known?.queues ?? this.#own(topic)
    } finally {
      this.#asking.delete(topic)
    }
  }

  async #ask(topic: string): Promise<readonly MessageQueue[] | undefined> {
    const { client, clock, config, log } = this.#parts
    const addresses = config.namesrvAddr.split(';').map((address) => address.trim())
    for (const address of addresses.filter((each) => each !== '')) {
      try {
        const header = { topic, acceptStandardJsonOnly: true }
        const options = { timeoutMs: ASK_TIMEOUT_MS }
        const { body, code } = await client.invoke(
          address,
          'GET_ROUTEINFO_BY_TOPIC',
          header,
          undefined,
          options,
        )
        if (code !== ResponseCode.SUCCESS) continue
        const queues = queuesOf(topic, TopicRouteData.decode(body))
        this.#known.delete(topic)
        this.#known.set(topic, { queues, at: clock.monotonic() })
        if (this.#known.size > ROUTES_MAX) this.#known.delete(this.#known.keys().next().value as string)
        return queues
      } catch (error) {
        rethrowAssertion(error)
        log.warn('ROUTE_NOT_ASKED', { topic, address, error })
      }
    }
    return undefined
  }

  #own(topic: string): readonly MessageQueue[] | undefined {
    const { config, topics } = this.#parts
    const own = topics.get(topic)
    if (own === undefined || !isReadable(own.perm)) return undefined
    return sequence(topic, config.brokerName, own.readQueueNums)
  }
}

/** Sorted as Java sorts message queues: by topic, broker name, queue. */
function queuesOf(topic: string, { queueDatas }: TopicRouteData): MessageQueue[] {
  const readable = queueDatas.filter(({ perm }) => isReadable(perm))
  const sorted = [...readable].sort((a, b) => (a.brokerName < b.brokerName ? -1 : 1))
  return sorted.flatMap(({ brokerName, readQueueNums }) => sequence(topic, brokerName, readQueueNums))
}

function sequence(topic: string, brokerName: string, count: number): MessageQueue[] {
  return Array.from({ length: count }, (_, queueId) => ({ topic, brokerName, queueId }))
}
