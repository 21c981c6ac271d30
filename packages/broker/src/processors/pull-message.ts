import { isReadable, PullSysFlag, SystemTopic } from '@rockhopper/message'
import {
  type Connection,
  ok,
  type Reply,
  type Request,
  type RequestHeader,
  ResponseCode,
  refuse,
  type SubscriptionGroupConfig,
  type TopicConfig,
} from '@rockhopper/remoting'
import type { GetMessageResult, GetMessageStatus } from '@rockhopper/store'
import type { BrokerParts } from '../parts.js'
import { filterOfRead, type PullFilter, pullFilter } from '../pull-subscription.js'
import { FAQ_TOPIC, type Refusal } from '../send-checks.js'

type PullHeader = RequestHeader<'PULL_MESSAGE'>
type PullReply = Reply<'PULL_MESSAGE'>

/** Longest a pull is held, whatever it asks for. */
const SUSPEND_MAX_MS = 600_000

/** Codes 11 and 361 (remoting.md section 17). */
export function pullProcessors(parts: BrokerParts) {
  const scanned = scannedPullProcessors(parts)
  return {
    PULL_MESSAGE: (header: PullHeader, { connection }: Request) => scanned.PULL_MESSAGE(header, connection),
    LITE_PULL_MESSAGE: (header: PullHeader, { connection }: Request) =>
      scanned.LITE_PULL_MESSAGE(header, connection),
  }
}

/** The same by their headers alone. */
export function scannedPullProcessors(parts: BrokerParts) {
  return {
    PULL_MESSAGE: (header: PullHeader, connection: Connection) => pull(parts, header, connection),
    LITE_PULL_MESSAGE: (header: PullHeader, connection: Connection) => {
      if (parts.config.litePullMessageEnable) return pull(parts, header, connection)
      const remark = `the broker[${parts.config.brokerIP1}] for lite pull consumer is forbidden`
      return refuse(ResponseCode.NO_PERMISSION, remark, NO_OFFSETS)
    },
  }
}

/** Java unboxes the four offsets unseen, also of a refusal. */
const NO_OFFSETS = { suggestWhichBrokerId: 0, nextBeginOffset: 0, minOffset: 0, maxOffset: 0 }

const HIDDEN_TOPICS: ReadonlySet<string> = new Set([SystemTopic.TRANS_HALF, SystemTopic.TRANS_OP_HALF])

interface Pull {
  readonly header: PullHeader
  readonly group: SubscriptionGroupConfig
  readonly topic: TopicConfig
  readonly filter: PullFilter
}

/**
 * Synchronous up to the commit of the offset: a client's later commit (code 15) may stand in the same chunk
 * of bytes, and must not be undone by the older offset that a pull carries.
 */
function pull(
  parts: BrokerParts,
  header: PullHeader,
  connection: Connection,
): PullReply | Promise<PullReply> {
  const { config, groups } = parts
  if (!isReadable(config.brokerPermission)) {
    return refused(forbidden(`the broker[${config.brokerIP1}] pulling message is forbidden`))
  }
  const group = groups.get(header.consumerGroup)
  if (group === undefined) return pullOfNewGroup(parts, header, connection)
  const checked = checkPull(parts, header, group)
  if ('code' in checked) return refused(checked)
  commitOffset(parts, header)
  return readAndAnswer(parts, checked, connection)
}

async function pullOfNewGroup(
  parts: BrokerParts,
  header: PullHeader,
  connection: Connection,
): Promise<PullReply> {
  const { consumerGroup } = header
  if ((await parts.groups.findOrCreate(consumerGroup)) !== undefined) return pull(parts, header, connection)
  const remark = `subscription group [${consumerGroup}] does not exist, ${FAQ_TOPIC}`
  return refused({ code: ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST, remark })
}

/** The records of a reply are lent by the store until the kernel took them; a miss has none. */
async function readAndAnswer(parts: BrokerParts, pull: Pull, connection: Connection): Promise<PullReply> {
  let result = await read(parts, pull, connection)
  const waitMs = suspendMs(parts, pull.header, result.status)
  if (waitMs > 0 && !connection.closed) {
    result = (await suspend(parts, pull, waitMs, connection)) ?? result
  }
  return answer(parts, pull, result)
}

function refused({ code, remark }: Refusal): PullReply {
  return refuse(code, remark, NO_OFFSETS)
}

function forbidden(remark: string): Refusal {
  return { code: ResponseCode.NO_PERMISSION, remark }
}

function checkPull(parts: BrokerParts, header: PullHeader, group: SubscriptionGroupConfig): Pull | Refusal {
  const { consumerGroup, queueId } = header
  if (!group.consumeEnable) return forbidden(`subscription group no permission, ${consumerGroup}`)
  // The queue of what may never be seen: only the broker itself reads it.
  if (HIDDEN_TOPICS.has(header.topic))
    return forbidden(`the topic[${header.topic}] pulling message is forbidden`)
  const topic = parts.topics.get(header.topic)
  if (topic === undefined) {
    const remark = `topic[${header.topic}] not exist, apply first please! ${FAQ_TOPIC}`
    return { code: ResponseCode.TOPIC_NOT_EXIST, remark }
  }
  if (!isReadable(topic.perm)) return forbidden(`the topic[${header.topic}] pulling message is forbidden`)
  if (queueId < 0 || queueId >= topic.readQueueNums) {
    const remark = `queueId[${queueId}] is illegal, topic:[${header.topic}] reads ${topic.readQueueNums}`
    return { code: ResponseCode.INVALID_PARAMETER, remark }
  }
  const filter = pullFilter(parts, header, group)
  return 'code' in filter ? filter : { header, group, topic, filter }
}

function commitOffset({ config, offsets }: BrokerParts, header: PullHeader): void {
  const wanted = (header.sysFlag & PullSysFlag.COMMIT_OFFSET) !== 0 && config.brokerRole !== 'SLAVE'
  const { consumerGroup, topic, queueId } = header
  if (!wanted || header.commitOffset < 0 || offsets.hasReset(consumerGroup, topic, queueId)) return
  offsets.commit(consumerGroup, topic, queueId, header.commitOffset)
}

type ReadResult = Omit<GetMessageResult, 'status'> & { readonly status: GetMessageStatus | 'OFFSET_RESET' }

async function read(
  { clock, config, offsets, store }: BrokerParts,
  { header, filter }: Pull,
  holder: object,
): Promise<ReadResult> {
  const { consumerGroup, topic, queueId, queueOffset, maxMsgNums, maxMsgBytes } = header
  const reset = config.useServerSideResetOffset ? offsets.takeReset(consumerGroup, topic, queueId) : undefined
  if (reset !== undefined) {
    const minOffset = store.minOffset(topic, queueId)
    const maxOffset = store.maxOffset(topic, queueId)
    const found = {
      nextBeginOffset: reset,
      minOffset,
      maxOffset,
      records: [],
      spans: [],
      release: () => {},
      size: 0,
      suggestPullingFromSlave: false,
    }
    return { status: 'OFFSET_RESET', ...found }
  }
  return store.getMessage({
    topic,
    queueId,
    queueOffset,
    countMax: Math.max(1, maxMsgNums),
    holder,
    ...(maxMsgBytes !== undefined && maxMsgBytes > 0 ? { sizeMax: maxMsgBytes } : {}),
    ...filterOfRead(clock, filter),
  })
}

/**
 * How long to wait for a message; 0 when the answer is not "nothing yet" or the client does not want to
 * wait.
 */
function suspendMs({ config }: BrokerParts, header: PullHeader, status: ReadResult['status']): number {
  if ((header.sysFlag & PullSysFlag.SUSPEND) === 0) return 0
  if (codeOf(status, header.queueOffset) !== ResponseCode.PULL_NOT_FOUND) return 0
  const asked = config.longPollingEnable ? header.suspendTimeoutMillis : config.shortPollingTimeMills
  return Math.min(asked, SUSPEND_MAX_MS)
}

/** Undefined when the wait ended without a reason to read again. */
async function suspend(
  parts: BrokerParts,
  pull: Pull,
  timeoutMs: number,
  owner: object,
): Promise<ReadResult | undefined> {
  const { topic, queueId, queueOffset } = pull.header
  // A message may have come while the first read was on its way. A failed store shows none that has: who
  // reads again at once would do so for ever.
  const { kind } = parts.store.state
  if (kind === 'failed' || parts.store.maxOffset(topic, queueId) <= queueOffset) {
    const wake = await parts.arrivals.wait({
      topic,
      queueId,
      queueOffset,
      filter: pull.filter,
      timeoutMs,
      owner,
    })
    if (wake !== 'arrived' && wake !== 'deadline') return undefined
  }
  return read(parts, pull, owner)
}

function answer(parts: BrokerParts, { header, group, topic }: Pull, result: ReadResult): PullReply {
  const { config, stats } = parts
  const code = codeOf(result.status, header.queueOffset)
  const fromSlave = result.suggestPullingFromSlave && config.slaveReadEnable
  const responseHeader = {
    suggestWhichBrokerId: fromSlave ? group.whichBrokerWhenConsumeSlowly : config.brokerId,
    nextBeginOffset: result.nextBeginOffset,
    minOffset: result.minOffset,
    maxOffset: result.maxOffset,
    topicSysFlag: topic.topicSysFlag,
    groupSysFlag: group.groupSysFlag,
  }
  if (code !== ResponseCode.SUCCESS) {
    result.release()
    stats.getMisses++
    return refuse(code, result.status, responseHeader)
  }
  stats.gets.add(result.records.length)
  return { ...ok(responseHeader, result.spans, result.status), taken: result.release }
}

/** remoting.md section 17.2. */
function codeOf(status: ReadResult['status'], queueOffset: number): number {
  switch (status) {
    case 'FOUND':
      return ResponseCode.SUCCESS
    case 'MESSAGE_WAS_REMOVING':
    case 'NO_MATCHED_MESSAGE':
      return ResponseCode.PULL_RETRY_IMMEDIATELY
    case 'NO_MATCHED_LOGIC_QUEUE':
    case 'NO_MESSAGE_IN_QUEUE':
      return queueOffset === 0 ? ResponseCode.PULL_NOT_FOUND : ResponseCode.PULL_OFFSET_MOVED
    case 'OFFSET_FOUND_NULL':
    case 'OFFSET_OVERFLOW_ONE':
      return ResponseCode.PULL_NOT_FOUND
    case 'OFFSET_OVERFLOW_BADLY':
    case 'OFFSET_TOO_SMALL':
    case 'OFFSET_RESET':
      return ResponseCode.PULL_OFFSET_MOVED
  }
}
