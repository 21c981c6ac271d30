import { Admin, type MessageQueue, type MessageView, PullConsumer } from '@rockhopper/client'
import {
  dlqTopic,
  isDlqTopic,
  isMqError,
  isRetryTopic,
  isSystemGroup,
  isSystemTopic,
} from '@rockhopper/message'
import type { BrokerView, ConsoleView, GroupView, MessageFound, TopicView } from './console-view.js'

/** Nobody consumes in it: pulls have to name a group. */
const CONSOLE_GROUP = 'TOOLS_CONSUMER'
const TIMES = { requestTimeoutMs: 3_000, connectTimeoutMs: 1_000 }
const BODY_SHOWN = 4_000
const FOUND_MAX = 32
/** A view younger than this is not asked for again, however many pages are open. */
const FRESH_MS = 1_000
/** Questions under way at once: a page to look at must not load the broker. */
const QUESTIONS_MAX = 8

/** Topics, groups, dead letters and messages of a broker, by the commands of Apache's mqadmin. */
export class BrokerConsole {
  readonly #admin: Admin
  readonly #reader: PullConsumer
  #started: Promise<void> | undefined
  #view: Promise<ConsoleView> | undefined
  #askedAt = 0

  constructor(namesrvAddr: string) {
    this.#admin = new Admin({ namesrvAddr, ...TIMES })
    this.#reader = new PullConsumer({ namesrvAddr, consumerGroup: CONSOLE_GROUP, ...TIMES })
  }

  async stop(): Promise<void> {
    if (this.#started === undefined) return
    await this.#started
    await Promise.all([this.#admin.shutdown(), this.#reader.shutdown()])
  }

  /** Rejects with MqError while the broker does not answer. */
  view(): Promise<ConsoleView> {
    const now = performance.now()
    if (this.#view === undefined || now - this.#askedAt > FRESH_MS) {
      this.#askedAt = now
      this.#view = this.#ask()
    }
    return this.#view
  }

  /**
   * Messages of a topic: with this key or message id, else the newest. Newest first. An offset message id
   * needs no topic.
   */
  async messages(topic: string, key: string): Promise<MessageFound[]> {
    await this.#connected()
    const found = await this.#find(topic, key)
    return found
      .sort((a, b) => b.storeTimestamp - a.storeTimestamp)
      .slice(0, FOUND_MAX)
      .map(shown)
  }

  #connected(): Promise<void> {
    this.#started ??= Promise.all([this.#admin.start(), this.#reader.start()]).then(() => undefined)
    return this.#started
  }

  async #ask(): Promise<ConsoleView> {
    await this.#connected()
    const { brokerAddrTable } = await this.#admin.clusterInfo()
    const brokers = [...brokerAddrTable.values()].map(
      ({ cluster, brokerName, brokerAddrs }): BrokerView => ({
        cluster,
        name: brokerName,
        addresses: Object.fromEntries(brokerAddrs),
      }),
    )
    const names = [...(await this.#admin.topicList())].sort()
    const topics = await eachOf(names, (topic) => this.#topic(topic))
    const known = [...(await this.#admin.subscriptionGroups()).values()].flatMap((groups) => [
      ...groups.keys(),
    ])
    const groupNames = [...new Set(known)].filter((group) => !isSystemGroup(group)).sort()
    const kept = new Map(topics.map(({ topic, messages }) => [topic, messages]))
    const groups = await eachOf(groupNames, (group) => this.#group(group, kept.get(dlqTopic(group)) ?? 0))
    return { at: Date.now(), brokers, topics, groups }
  }

  async #topic(topic: string): Promise<TopicView> {
    const { offsetTable } = await orNothing(this.#admin.topicStats(topic), { offsetTable: [] })
    return {
      topic,
      kind: kindOf(topic),
      queues: offsetTable.length,
      messages: offsetTable.reduce((sum, [, { minOffset, maxOffset }]) => sum + maxOffset - minOffset, 0),
      lastAt: Math.max(0, ...offsetTable.map(([, { lastUpdateTimestamp }]) => lastUpdateTimestamp)),
    }
  }

  async #group(group: string, deadLetters: number): Promise<GroupView> {
    const [{ offsetTable }, clientIds, model] = await Promise.all([
      orNothing(this.#admin.consumerProgress(group), { offsetTable: [] }),
      orNothing(this.#admin.consumerClientIds(group), []),
      orNothing(this.#admin.messageModel(group), undefined),
    ])
    if (model === 'BROADCASTING') {
      const asked = await eachOf(clientIds, (clientId) => this.#listener(group, clientId))
      return { group, deadLetters, broadcast: true, ...slowest(asked) }
    }
    const lags = new Map<string, number>()
    for (const [{ topic }, { brokerOffset, consumerOffset }] of offsetTable)
      lags.set(topic, (lags.get(topic) ?? 0) + brokerOffset - consumerOffset)
    const members = clientIds.map((clientId) => ({ clientId, lag: undefined }))
    return { group, deadLetters, broadcast: false, members, topics: topicsOf(lags), lag: sumOf(lags) }
  }

  /** What waits for one member of a broadcast group, by topic; only the member itself knows. */
  async #listener(group: string, clientId: string): Promise<Listener> {
    const info = await orNothing(this.#admin.consumerRunningInfo(group, clientId), undefined)
    if (info === undefined) return { clientId, lags: undefined }
    const lags = new Map<string, number>()
    const queues = info.mqTable.filter(([{ topic }]) => !isRetryTopic(topic))
    const waiting = await eachOf(queues, async ([queue, { commitOffset }]) =>
      Math.max(0, (await this.#reader.maxOffset(queue)) - commitOffset),
    )
    for (const [index, [{ topic }]] of queues.entries())
      lags.set(topic, (lags.get(topic) ?? 0) + (waiting[index] ?? 0))
    return { clientId, lags }
  }

  async #find(topic: string, key: string): Promise<MessageView[]> {
    if (/^([0-9A-F]{32}|[0-9A-F]{56})$/i.test(key)) {
      // A sender's message id has 32 digits, too: which of the two it is, only the broker can tell.
      const at = await orNothing(this.#admin.viewMessage(key), undefined)
      if (at !== undefined) return [at]
    }
    if (key === '') return this.#newest(topic)
    const [byKey, byId] = await Promise.all([
      this.#admin.queryMessages(topic, key, { countMax: FOUND_MAX }),
      this.#admin.queryMessages(topic, key, { countMax: FOUND_MAX, unique: true }),
    ])
    return [...new Map([...byKey, ...byId].map((one) => [one.offsetMessageId, one])).values()]
  }

  async #newest(topic: string): Promise<MessageView[]> {
    const queues = await this.#reader.messageQueues(topic)
    return (await eachOf(queues, (queue) => this.#newestOf(queue))).flat()
  }

  async #newestOf(queue: MessageQueue): Promise<readonly MessageView[]> {
    const [min, max] = await Promise.all([this.#reader.minOffset(queue), this.#reader.maxOffset(queue)])
    if (max <= min) return []
    return (await this.#reader.pull(queue, Math.max(min, max - FOUND_MAX))).messages
  }
}

interface Listener {
  readonly clientId: string
  /** Undefined when it does not answer. */
  readonly lags: ReadonlyMap<string, number> | undefined
}

/** A broadcast group waits as long as its slowest member. */
function slowest(listeners: readonly Listener[]): Pick<GroupView, 'members' | 'topics' | 'lag'> {
  const most = new Map<string, number>()
  for (const { lags } of listeners)
    for (const [topic, lag] of lags ?? []) most.set(topic, Math.max(most.get(topic) ?? 0, lag))
  const members = listeners.map(({ clientId, lags }) => ({ clientId, lag: lags && sumOf(lags) }))
  return { members, topics: topicsOf(most), lag: sumOf(most) }
}

const topicsOf = (lags: ReadonlyMap<string, number>) => [...lags].map(([topic, lag]) => ({ topic, lag }))
const sumOf = (lags: ReadonlyMap<string, number>) => [...lags.values()].reduce((sum, lag) => sum + lag, 0)

function kindOf(topic: string): TopicView['kind'] {
  if (isDlqTopic(topic)) return 'dead-letter'
  if (isRetryTopic(topic)) return 'retry'
  return isSystemTopic(topic) ? 'system' : 'normal'
}

/** What a broker refuses to tell (a topic without a route, a group nobody was in) is nothing to show. */
async function orNothing<T, Nothing>(asked: Promise<T>, nothing: Nothing): Promise<T | Nothing> {
  try {
    return await asked
  } catch (error) {
    if (isMqError(error)) return nothing
    throw error
  }
}

/** In order, so many at once. */
async function eachOf<T, Result>(items: readonly T[], ask: (item: T) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = []
  for (let from = 0; from < items.length; from += QUESTIONS_MAX)
    results.push(...(await Promise.all(items.slice(from, from + QUESTIONS_MAX).map(ask))))
  return results
}

function shown(message: MessageView): MessageFound {
  const { messageId, offsetMessageId, topic, brokerName, queueId, queueOffset, keys, body } = message
  return {
    ...{ messageId, offsetMessageId, topic, brokerName, queueId, queueOffset, keys },
    tag: message.tag ?? '',
    storedAt: message.storeTimestamp,
    bornHost: `${message.bornHost.address}:${message.bornHost.port}`,
    deliveries: message.reconsumeTimes,
    properties: message.properties,
    body: Buffer.from(body).toString('utf8').slice(0, BODY_SHOWN),
    bodySize: body.length,
  }
}
