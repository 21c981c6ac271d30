import {
  decodeBatch,
  type HostAddress,
  isRetryTopic,
  isWriteable,
  LastText,
  PROPERTIES_SIZE_MAX,
  type RecordDraft,
  SysFlag,
  TOPIC_LENGTH_MAX,
} from '@rockhopper/message'
import {
  type Connection,
  type FrameView,
  HeaderScanner,
  isOneway,
  RequestCode,
  type TopicConfig,
  type TurnEntry,
} from '@rockhopper/remoting'
import type { Placed } from '@rockhopper/store'
import { flushMode, refuseWrite } from './message-writer.js'
import type { BrokerParts } from './parts.js'
import { PropertyWalk } from './property-walk.js'
import { refuseQueue, refuseTopicName } from './send-checks.js'
import { codeOfStatus } from './send-outcome.js'
import { sendReply } from './send-reply.js'
import { SendReplyTemplate } from './send-reply-template.js'
import type { Outcome, Ticket } from './tickets.js'

const NO_PROPERTIES = Buffer.alloc(0)

type SendCommand = 'SEND_MESSAGE' | 'SEND_MESSAGE_V2' | 'SEND_BATCH_MESSAGE'

/** Room for the properties of one message; what needs more goes the general way and is refused there. */
const SCRATCH_SIZE = 6 * (PROPERTIES_SIZE_MAX + 1)

/**
 * The turn entries of codes 10, 310 and 320 (architecture.md section 3): a plain send to a topic that
 * exists, from the bytes of its frame into the tail of the log in one synchronous step. Everything else
 * returns false, and the general entry (processors/send-message.ts) does it; of what both can do they do
 * the same.
 */
export function sendTurnEntries(parts: BrokerParts): Readonly<Record<number, TurnEntry>> {
  const shared = new TurnShared(parts)
  const single = (command: SendCommand): TurnEntry => {
    const reader = new SendReader(command)
    return (frame, connection) => takeSingle(shared, reader, frame, connection)
  }
  const batch = new SendReader('SEND_BATCH_MESSAGE')
  return {
    [RequestCode.SEND_MESSAGE]: single('SEND_MESSAGE'),
    [RequestCode.SEND_MESSAGE_V2]: single('SEND_MESSAGE_V2'),
    [RequestCode.SEND_BATCH_MESSAGE]: (frame, connection) => takeBatch(shared, batch, frame, connection),
  }
}

/** The compiled header of one command and the indices of the fields a send needs. */
class SendReader {
  readonly scanner: HeaderScanner
  readonly topic: number
  readonly properties: number
  readonly queueId: number
  readonly sysFlag: number
  readonly bornTimestamp: number
  readonly flag: number
  readonly reconsumeTimes: number
  readonly batch: number
  readonly #lastTopic = new LastText()

  constructor(command: SendCommand) {
    const scanner = new HeaderScanner(command)
    this.scanner = scanner
    this.topic = scanner.field('topic')
    this.properties = scanner.field('properties')
    this.queueId = scanner.field('queueId')
    this.sysFlag = scanner.field('sysFlag')
    this.bornTimestamp = scanner.field('bornTimestamp')
    this.flag = scanner.field('flag')
    this.reconsumeTimes = scanner.field('reconsumeTimes')
    this.batch = scanner.field('batch')
  }

  number(field: number): number {
    return this.scanner.numbers[field] as number
  }

  topicText({ bytes }: FrameView): string {
    const { scanner, topic } = this
    const start = scanner.starts[topic] as number
    if (start < 0 || scanner.escaped[topic] !== 0) return scanner.text(topic) ?? ''
    return this.#lastTopic.text(bytes, start, scanner.rawSize(topic))
  }
}

class TurnShared {
  readonly parts: BrokerParts
  readonly scratch = Buffer.alloc(SCRATCH_SIZE)
  readonly walk = new PropertyWalk()
  readonly draft: TurnDraft
  #reply = Buffer.alloc(1_024)
  #properties: Uint8Array = NO_PROPERTIES
  readonly #sendable = new WeakSet<TopicConfig>()
  #template: SendReplyTemplate | undefined
  #templateTraceOn: boolean | undefined

  constructor(parts: BrokerParts) {
    this.parts = parts
    this.draft = new TurnDraft(parts.storeHost)
  }

  /** Where replies are put together, one after another: the connection copies them. */
  replyScratch(size: number): Buffer {
    if (size > this.#reply.length) this.#reply = Buffer.alloc(size)
    return this.#reply
  }

  get template(): SendReplyTemplate {
    const { traceOn } = this.parts.config
    if (this.#template === undefined || this.#templateTraceOn !== traceOn) {
      this.#template = new SendReplyTemplate(this.parts)
      this.#templateTraceOn = traceOn
    }
    return this.#template
  }

  /** A topic that exists and may be sent to; its name is judged once. */
  topic(name: string): TopicConfig | undefined {
    const config = this.parts.topics.get(name)
    if (config === undefined || this.#sendable.has(config)) return config
    if (refuseTopicName(this.parts, name) !== undefined || isRetryTopic(name)) return undefined
    this.#sendable.add(config)
    return config
  }

  /** The first `size` bytes of `scratch`; most messages of a producer have as many. */
  properties(size: number): Uint8Array {
    if (size !== this.#properties.length) this.#properties = this.scratch.subarray(0, size)
    return this.#properties
  }

  /** The properties of the request in `scratch`; their size, or -1 when they are not plain. */
  plainProperties(reader: SendReader): number {
    const { scanner, properties } = reader
    if (scanner.rawSize(properties) > SCRATCH_SIZE) return -1
    const size = scanner.copyText(properties, this.scratch, 0)
    return this.walk.isPlain(this.scratch, size) ? size : -1
  }
}

interface Target {
  readonly topic: string
  readonly queueId: number
}

/** The checks both entries make, in their order; undefined sends the frame the general way. */
function targetOf(shared: TurnShared, reader: SendReader, frame: FrameView): Target | undefined {
  const { parts } = shared
  const { scanner } = reader
  if (!scanner.scan(frame)) return undefined
  const topic = reader.topicText(frame)
  const config = shared.topic(topic)
  if (config === undefined || !isWriteable(parts.config.brokerPermission)) return undefined
  const queueId = reader.number(reader.queueId)
  if (refuseQueue(config, queueId) !== undefined || refuseWrite(parts) !== undefined) return undefined
  return { topic, queueId: queueId >= 0 ? queueId : parts.random.int(Math.max(1, config.writeQueueNums)) }
}

function takeSingle(
  shared: TurnShared,
  reader: SendReader,
  frame: FrameView,
  connection: Connection,
): boolean {
  const target = targetOf(shared, reader, frame)
  if (target === undefined || reader.number(reader.batch) === 1) return false
  if ((reader.number(reader.sysFlag) & SysFlag.TRANSACTION_PREPARED) !== 0) return false
  const { parts } = shared
  const size = shared.plainProperties(reader)
  const propertiesTail = parts.propertiesTail.of(parts.config)
  if (size < 0 || size + propertiesTail.length > PROPERTIES_SIZE_MAX) return false
  const draft = fillDraft(shared, reader, frame, connection, target)
  draft.properties = shared.properties(size)
  draft.propertiesTail = propertiesTail
  const placed = parts.store.place(draft)
  // Nothing was placed: the general entry meets the same refusal and answers it.
  if (placed.status !== 'PUT_OK') return false
  answerLater(shared, reader, connection, target.queueId, placed, 1)
  return true
}

function takeBatch(
  shared: TurnShared,
  reader: SendReader,
  frame: FrameView,
  connection: Connection,
): boolean {
  const target = targetOf(shared, reader, frame)
  if (target === undefined || target.topic.length > TOPIC_LENGTH_MAX) return false
  const { parts } = shared
  // The wrapper's properties are not stored; its UNIQ_KEY, when there is one, is answered.
  if (shared.plainProperties(reader) < 0) return false
  const body = frame.bytes.subarray(frame.bodyStart, frame.end)
  // Asked before the walk: a frame of 16 MiB may hold some 700,000 messages.
  if (body.length > parts.config.maxMessageSize) return false
  const batch = decodeBatch(body)
  if (!batch.ok || batch.value.length === 0) return false
  const draft = fillDraft(shared, reader, frame, connection, target)
  draft.properties = NO_PROPERTIES
  draft.propertiesTail = NO_PROPERTIES
  const placed = parts.store.placeBatch(draft, batch.value)
  if (placed.status !== 'PUT_OK') return false
  answerLater(shared, reader, connection, target.queueId, placed, batch.value.length)
  return true
}

/** A one-way send is placed like any other and not answered. */
function answerLater(
  shared: TurnShared,
  reader: SendReader,
  connection: Connection,
  queueId: number,
  placed: Placed,
  count: number,
): void {
  const { parts, scratch, walk } = shared
  const { flag, opaque } = reader.scanner
  if (isOneway(flag)) {
    parts.stats.puts.add(count)
    return
  }
  const transactionId = scratch.toString('latin1', walk.uniqueKeyStart, walk.uniqueKeyEnd)
  const answer = new Answer(shared, connection, opaque, queueId, placed, transactionId, count)
  parts.tickets.add(answer, walk.waits ? flushMode(parts) : 'written')
}

/**
 * One object for all sends: the store copies what it needs before `place` returns. With the topic's string
 * kept and the reply written as bytes it took the broker from 7.5 to 6.4 us of CPU a message (bench send,
 * c4 n64 b100, median of 5 alternating runs).
 */
class TurnDraft implements RecordDraft {
  topic = ''
  queueId = 0
  body: Uint8Array = NO_PROPERTIES
  properties: Uint8Array = NO_PROPERTIES
  propertiesTail: Uint8Array = NO_PROPERTIES
  flag = 0
  sysFlag = 0
  bornTimestamp = 0
  bornHost: HostAddress
  readonly storeHost: HostAddress
  reconsumeTimes = 0
  readonly preparedTransactionOffset = 0
  #connection: Connection | undefined

  constructor(storeHost: HostAddress) {
    this.bornHost = this.storeHost = storeHost
  }

  /** The frames of one read are of one connection. */
  bornAt(connection: Connection): void {
    if (connection === this.#connection) return
    this.#connection = connection
    this.bornHost = { address: connection.remoteAddress, port: connection.remotePort }
  }
}

function fillDraft(
  { draft }: TurnShared,
  reader: SendReader,
  frame: FrameView,
  connection: Connection,
  target: Target,
): TurnDraft {
  const reconsumeTimes = reader.number(reader.reconsumeTimes)
  draft.topic = target.topic
  draft.queueId = target.queueId
  draft.body = frame.bytes.subarray(frame.bodyStart, frame.end)
  draft.flag = reader.number(reader.flag)
  draft.sysFlag = reader.number(reader.sysFlag)
  draft.bornTimestamp = reader.number(reader.bornTimestamp)
  draft.reconsumeTimes = Number.isNaN(reconsumeTimes) ? 0 : reconsumeTimes
  draft.bornAt(connection)
  return draft
}

/** The ticket of one request: knows what to say when the watermark has passed. */
class Answer implements Ticket {
  readonly #shared: TurnShared
  readonly #connection: Connection
  readonly #opaque: number
  readonly #queueId: number
  readonly #placed: Placed
  readonly #transactionId: string
  readonly #count: number

  constructor(
    shared: TurnShared,
    connection: Connection,
    opaque: number,
    queueId: number,
    placed: Placed,
    transactionId: string,
    count: number,
  ) {
    this.#shared = shared
    this.#connection = connection
    this.#opaque = opaque
    this.#queueId = queueId
    this.#placed = placed
    this.#transactionId = transactionId
    this.#count = count
  }

  get end(): number {
    return this.#placed.end
  }

  settle(outcome: Outcome): void {
    const { parts, template } = this.#shared
    if (!('remark' in outcome)) parts.stats.puts.add(this.#count)
    if (outcome.status !== 'PUT_OK') {
      this.#general(outcome)
      return
    }
    const messageId = this.#placed.physicalOffsets?.map((offset) => template.messageId(offset)).join(',')
    const scratch = this.#shared.replyScratch(template.sizeMax(messageId, this.#transactionId))
    const size = template.write(
      scratch,
      this.#opaque,
      messageId,
      this.#placed,
      this.#queueId,
      this.#transactionId,
    )
    this.#connection.sendCopy(scratch, 0, size)
  }

  /** Rare outcomes are answered by the general encoder. */
  #general(outcome: Outcome): void {
    const code = codeOfStatus(outcome.status)
    const written = 'remark' in outcome ? { code, remark: outcome.remark } : { code, placed: this.#placed }
    const reply = sendReply(this.#shared.parts, written, this.#queueId, this.#transactionId)
    const request = {
      code: 0,
      flag: 0,
      opaque: this.#opaque,
      version: 0,
      language: undefined,
      serializeType: 0 as const,
    }
    this.#connection.respond(request, 'SEND_MESSAGE', reply)
  }
}
