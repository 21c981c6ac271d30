import type { Clock, Env } from '@rockhopper/env'
import { encodeBatch, encodeProperties, parseOffsetMessageId, propertiesText } from '@rockhopper/message'
import {
  createRemotingClient,
  type RemotingClient,
  type RequestHeader,
  ResponseCode,
} from '@rockhopper/remoting'
import { Ledger } from '@rockhopper/sim'
import { contentOf, placeOf } from './contents.js'

export const CREATED = 'Created'
const AUTOMATIC = 'Automatic'
const GROUP = 'GID_matrix'
const ROUNDS = 14
const SENDS_PER_ROUND = 5
const REQUEST_TIMEOUT_MS = 3_000
/** Of a broker that runs and must answer, on a busy machine too. */
const ANSWER_TIMEOUT_MS = 30_000

/** What a workload was told, beside the messages of its ledger. */
export interface Told {
  readonly ledger: Ledger
  /** Topics whose creation was acknowledged. */
  readonly topics: Set<string>
  /** Where acknowledged messages lie in the log, by place. */
  readonly physicalOffsets: Map<string, number>
  /** Consumer offsets that were sent, acknowledged or not, by `topic/queueId`. */
  readonly offsets: Map<string, number[]>
}

export function nothingTold(): Told {
  return { ledger: new Ledger(), topics: new Set(), physicalOffsets: new Map(), offsets: new Map() }
}

/** What a client knows, as it leaves a process that may be killed at any moment. */
export type Heard =
  | { readonly kind: 'offered'; readonly content: string; readonly once: boolean }
  | { readonly kind: 'acknowledged'; readonly content: string; readonly place: string }
  | { readonly kind: 'created'; readonly topic: string }
  | { readonly kind: 'committing'; readonly key: string; readonly offset: number }

/** Adds what was heard to what was told. */
export function hear({ ledger, topics, offsets }: Told, heard: Heard): void {
  switch (heard.kind) {
    case 'created':
      topics.add(heard.topic)
      return
    case 'offered':
      return ledger.offer(heard.content, heard.once ? 1 : Number.POSITIVE_INFINITY)
    case 'acknowledged':
      return ledger.acknowledge(heard.content, heard.place)
    case 'committing':
      offsets.set(heard.key, [...(offsets.get(heard.key) ?? []), heard.offset])
  }
}

export interface WorkloadOptions {
  /** The client's side of the world. */
  readonly env: Pick<Env, 'net' | 'clock' | 'random' | 'log'>
  readonly address: string
  readonly told: Told
  /** Numbers in [0, 1): what is sent depends on nothing else. */
  readonly random: () => number
  /** Told of each acknowledgement, before anything else happens. */
  onAcknowledged?(content: string, place: string): void
  /** Told of each content before it is sent. */
  onOffered?(content: string, countMax: number): void
  /** Told of each consumer offset before it is sent. */
  onCommitting?(key: string, offset: number): void
  /** Told of each topic that the broker says it has. */
  onCreated?(topic: string): void
  /** Ms without a request in the middle, for what a broker does by itself. Default: none. */
  readonly quietMs?: number
  /** False ends the workload. */
  goesOn?(): boolean
}

/**
 * What a broker's disk sees in a day, in half a minute: topics made by command and by a send, sends over the
 * ends of log files, a batch, delayed messages, consumer offsets, checkpoints.
 */
export async function runWorkload(options: WorkloadOptions): Promise<void> {
  const client = createRemotingClient({ ...options.env, timeoutMs: REQUEST_TIMEOUT_MS, handlers: {} })
  const workload = new Workload(client, options)
  try {
    await workload.run()
  } finally {
    await client.close()
  }
}

class Workload {
  readonly #client: RemotingClient
  readonly #options: WorkloadOptions
  #count = 0

  constructor(client: RemotingClient, options: WorkloadOptions) {
    this.#client = client
    this.#options = options
  }

  async run(): Promise<void> {
    const { goesOn = () => true } = this.#options
    await this.#createTopic(CREATED)
    for (let round = 0; round < ROUNDS && goesOn(); round++) {
      const sends: Promise<void>[] = []
      for (let i = 0; i < SENDS_PER_ROUND; i++)
        sends.push(this.#send(this.#random() < 0.3 ? AUTOMATIC : CREATED))
      if (round === 1) sends.push(this.#sendBatch())
      if (round === 2) sends.push(this.#send(CREATED, { DELAY: '1' }))
      if (round === 3) sends.push(this.#createTopic('CreatedLater'))
      await Promise.all(sends)
      await this.#commit(CREATED, round % 2, round + 1)
      const quietMs = round === 6 ? (this.#options.quietMs ?? 0) : 0
      await sleep(this.#options.env.clock, 400 + this.#random() * 5_000 + quietMs)
    }
  }

  #random(): number {
    return this.#options.random()
  }

  async #createTopic(topic: string): Promise<void> {
    const code = await this.#ask(() =>
      this.#client.invoke(this.#options.address, 'UPDATE_AND_CREATE_TOPIC', {
        topic,
        defaultTopic: 'TBW102',
        readQueueNums: 2,
        writeQueueNums: 2,
        perm: 6,
        topicFilterType: 'SINGLE_TAG',
        topicSysFlag: 0,
        order: false,
      }),
    )
    if (code?.code === ResponseCode.SUCCESS) this.#created(topic)
  }

  async #send(topic: string, properties: Readonly<Record<string, string>> = {}): Promise<void> {
    const body = this.#body()
    const said = { ...this.#properties(), ...properties }
    const content = contentOf(topic, body, said)
    const delayed = properties['DELAY'] !== undefined
    this.#offer(content, delayed ? Number.POSITIVE_INFINITY : 1)
    const queueId = this.#count % 2
    const answer = await this.#ask(() =>
      this.#client.invoke(
        this.#options.address,
        'SEND_MESSAGE_V2',
        header(topic, queueId, said, false),
        body,
      ),
    )
    if (answer?.code !== ResponseCode.SUCCESS) return
    this.#created(topic)
    // The reply to a delayed message names its place in the schedule topic.
    if (!delayed)
      this.#acknowledge(content, placeOf(topic, queueId, answer.header.queueOffset), answer.header.msgId)
  }

  async #sendBatch(): Promise<void> {
    const elements = [1, 2, 3].map(() => ({ flag: 0, body: this.#body(), properties: this.#properties() }))
    const contents = elements.map(({ body, properties }) => contentOf(CREATED, body, properties))
    for (const content of contents) this.#offer(content, 1)
    const answer = await this.#ask(() =>
      this.#client.invoke(
        this.#options.address,
        'SEND_BATCH_MESSAGE',
        header(CREATED, 0, {}, true),
        encodeBatch(
          elements.map(({ properties, ...rest }) => ({ ...rest, properties: encodeProperties(properties) })),
        ),
      ),
    )
    if (answer?.code !== ResponseCode.SUCCESS) return
    const ids = answer.header.msgId.split(',')
    for (const [i, content] of contents.entries())
      this.#acknowledge(content, placeOf(CREATED, 0, answer.header.queueOffset + i), ids[i] ?? '')
  }

  async #commit(topic: string, queueId: number, commitOffset: number): Promise<void> {
    const key = `${topic}/${queueId}`
    const { offsets } = this.#options.told
    this.#options.onCommitting?.(key, commitOffset)
    offsets.set(key, [...(offsets.get(key) ?? []), commitOffset])
    const header = { consumerGroup: GROUP, topic, queueId, commitOffset }
    await this.#ask(() => this.#client.invoke(this.#options.address, 'UPDATE_CONSUMER_OFFSET', header))
  }

  /** A request that a dead broker may never answer: then nothing is known, as in life. */
  async #ask<T>(invoke: () => Promise<T>): Promise<T | undefined> {
    try {
      return await invoke()
    } catch (error) {
      this.#options.env.log.info('no answer', { error })
      return undefined
    }
  }

  #offer(content: string, countMax: number): void {
    this.#options.told.ledger.offer(content, countMax)
    this.#options.onOffered?.(content, countMax)
  }

  #created(topic: string): void {
    this.#options.told.topics.add(topic)
    this.#options.onCreated?.(topic)
  }

  #acknowledge(content: string, place: string, offsetMessageId: string): void {
    const { physicalOffset = -1 } = parseOffsetMessageId(offsetMessageId) ?? {}
    this.#options.told.physicalOffsets.set(place, physicalOffset)
    this.#options.told.ledger.acknowledge(content, place)
    this.#options.onAcknowledged?.(content, place)
  }

  #body(): Buffer {
    const size = this.#random() < 0.15 ? 1_000 + this.#random() * 800 : this.#random() * 500
    const text = `${++this.#count}/`.padEnd(Math.floor(size), String.fromCharCode(97 + (this.#count % 26)))
    return Buffer.from(text)
  }

  #properties(): Record<string, string> {
    return {
      UNIQ_KEY: `0A000002${String(this.#count).padStart(24, '0')}`,
      KEYS: `key${this.#count}`,
      TAGS: `tag${this.#count % 3}`,
      note: 'n'.repeat(1 + (this.#count % 40)),
    }
  }
}

/** What a broker says after its restart. */
export interface Answers {
  /** Committed offsets of the workload's group, by `topic/queueId`. */
  readonly offsets: ReadonlyMap<string, number>
  /** Topics of those asked for that it does not have. */
  readonly missingTopics: readonly string[]
}

export async function answersOf(
  env: WorkloadOptions['env'],
  address: string,
  topics: Iterable<string>,
): Promise<Answers> {
  const client = createRemotingClient({ ...env, timeoutMs: ANSWER_TIMEOUT_MS, handlers: {} })
  const offsets = new Map<string, number>()
  for (const queueId of [0, 1]) {
    const header = { consumerGroup: GROUP, topic: CREATED, queueId, setZeroIfNotFound: false }
    const answer = await client.invoke(address, 'QUERY_CONSUMER_OFFSET', header)
    if (answer.code === ResponseCode.SUCCESS) offsets.set(`${CREATED}/${queueId}`, answer.header.offset)
  }
  const missingTopics: string[] = []
  for (const topic of topics) {
    const { code } = await client.invoke(address, 'GET_TOPIC_CONFIG', { topic })
    if (code !== ResponseCode.SUCCESS) missingTopics.push(topic)
  }
  await client.close()
  return { offsets, missingTopics }
}

export function header(
  topic: string,
  queueId: number,
  properties: Readonly<Record<string, string>>,
  batch: boolean,
): RequestHeader<'SEND_MESSAGE'> {
  return {
    producerGroup: 'PID_matrix',
    topic,
    defaultTopic: 'TBW102',
    defaultTopicQueueNums: 2,
    queueId,
    sysFlag: 0,
    bornTimestamp: 1_700_000_000_000,
    flag: 0,
    properties: propertiesText(properties),
    reconsumeTimes: 0,
    unitMode: false,
    batch,
  }
}

function sleep(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => void clock.after(ms, resolve))
}
