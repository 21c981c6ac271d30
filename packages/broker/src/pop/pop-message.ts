import {
  isReadable,
  msgOffsetInfo,
  orderCountInfo,
  POP_ORDER_REVIVE_QUEUE,
  popRetryTopic,
  startOffsetInfo,
} from '@rockhopper/message'
import {
  ok,
  type Reply,
  type Request,
  type RequestHeader,
  ResponseCode,
  refuse,
  type TopicConfig,
} from '@rockhopper/remoting'
import { popsByPriority } from '../priority.js'
import { EVERYTHING, type PullFilter, subscriptionFilter } from '../pull-subscription.js'
import type { Refusal } from '../send-checks.js'
import { refusePop } from './pop-checks.js'
import type { PopParts } from './pop-parts.js'
import { type PopRun, popQueue } from './pop-queue.js'

type PopHeader = RequestHeader<'POP_MESSAGE'>
type PopReply = Reply<'POP_MESSAGE'>

/** Most messages of one pop: a checkpoint has a bit for each (Apache: PopMessageProcessor). */
const MESSAGES_MAX = 32
/** A request that is so late is refused (Apache: PopMessageRequestHeader.isTimeoutTooMuch). */
const TOO_LATE_MS = 500
/** Longest a pop is held, whatever it asks for. */
const POLL_MAX_MS = 600_000
/** Pops that only skip what nobody wants, before one of them waits like any other. */
const SKIPS_MAX = 1_000

/** Code 200050 (Apache: PopMessageProcessor; remoting.md section 25). */
export class PopMessages {
  readonly #parts: PopParts
  #pops = 0

  constructor(parts: PopParts) {
    this.#parts = parts
  }

  async pop(given: PopHeader, { connection }: Request): Promise<PopReply> {
    const { clock, polling } = this.#parts
    const now = clock.now()
    const header = { ...given, bornTime: given.bornTime || now }
    const checked = await this.#check(header, now)
    if ('code' in checked) return refuse(checked.code, checked.remark, emptyHeader(header))
    const { filter, topic } = checked
    const { consumerGroup, pollTime, queueId } = header
    const waiter = polling.listen({
      topic: header.topic,
      consumerGroup,
      queueId,
      filter,
      owner: connection,
    })
    try {
      for (let skips = 0; ; ) {
        const run = this.#newRun(header, filter)
        await this.#popTopic(run, topic)
        if (run.records.length > 0) return this.#answer(run, waiter.woken)
        if (run.moved && run.rest > 0 && skips++ < SKIPS_MAX) continue
        const leftMs = Math.min(header.bornTime + pollTime - clock.now(), pollTime, POLL_MAX_MS)
        if (leftMs <= 0 || connection.closed) return nothing(run, ResponseCode.POLLING_TIMEOUT)
        const wake = await waiter.wait(leftMs)
        if (wake === 'full') return nothing(run, ResponseCode.POLLING_FULL)
        if (wake === 'released') return nothing(run, ResponseCode.POLLING_TIMEOUT)
        skips = 0
      }
    } finally {
      waiter.end()
    }
  }

  async #check(
    header: PopHeader & { readonly bornTime: number },
    now: number,
  ): Promise<Refusal | { readonly topic: TopicConfig; readonly filter: PullFilter }> {
    const { config } = this.#parts
    const refusal = (code: number, what: string) => ({
      code,
      remark: `the broker[${config.brokerIP1}] ${what}`,
    })
    if (now - header.bornTime - header.pollTime > TOO_LATE_MS) {
      return refusal(ResponseCode.POLLING_TIMEOUT, 'pop message is timeout too much')
    }
    if (!isReadable(config.brokerPermission)) {
      return refusal(ResponseCode.NO_PERMISSION, 'pop message is forbidden')
    }
    if (header.maxMsgNums > MESSAGES_MAX) {
      return refusal(ResponseCode.INVALID_PARAMETER, "pop message's num is greater than 32")
    }
    if (this.#parts.timerStore === undefined) {
      const why = 'pop message is forbidden because timerWheelEnable is false'
      return refusal(ResponseCode.SYSTEM_ERROR, why)
    }
    const checked = await refusePop(this.#parts, header)
    if ('code' in checked) return checked
    const { topic, exp: subscription, expType: expressionType } = header
    // Without an expression a pop takes all, whatever its type.
    if (header.exp === undefined || header.exp === '') return { topic: checked, filter: EVERYTHING }
    const filter = subscriptionFilter(this.#parts, { topic, subscription, expressionType })
    return 'code' in filter ? filter : { topic: checked, filter }
  }

  #newRun(header: PopHeader, filter: PullFilter): PopRun {
    const { clock, config } = this.#parts
    const reviveQid = header.order === true ? POP_ORDER_REVIVE_QUEUE : this.#pops++ % config.reviveQueueNum
    return {
      header: { ...header, maxMsgNums: Math.max(1, header.maxMsgNums) },
      filter,
      popTime: clock.now(),
      reviveQid,
      records: [],
      queues: [],
      orderCounts: [],
      rest: 0,
      moved: false,
    }
  }

  /** Retries first now and then, else last: a stream of new messages must not starve them. */
  async #popTopic(run: PopRun, topic: TopicConfig): Promise<void> {
    const { config, groups, random } = this.#parts
    const { consumerGroup, order, queueId } = run.header
    const drawn = random.int(100)
    const byPriority = order !== true && popsByPriority(topic, groups.get(consumerGroup), drawn)
    const retriesPercent = byPriority
      ? config.popFromRetryProbabilityForPriority
      : config.popFromRetryProbability
    const retriesFirst = drawn < retriesPercent
    // By priority the first queue is no matter of chance.
    const chance = byPriority ? 0 : drawn
    const retries = this.#retryTopics(topic.topicName, consumerGroup, chance)
    const popRetries = async () => {
      const before = run.records.length
      for (const retry of retries) {
        // Of one version in an answer, as Apache: old clients do not tell the two apart.
        if (run.records.length === before) await this.#popQueues(run, this.#parts.topics.get(retry), chance)
      }
    }
    if (retriesFirst && order !== true) await popRetries()
    if (queueId < 0) await this.#popQueues(run, topic, chance)
    else await popQueue(this.#parts, run, { topic: topic.topicName, queueId })
    if (!retriesFirst && order !== true && run.records.length < run.header.maxMsgNums) await popRetries()
  }

  #retryTopics(topic: string, consumerGroup: string, chance: number): string[] {
    const { enableRetryTopicV2, retrieveMessageFromPopRetryTopicV1 } = this.#parts.config
    const v1 = popRetryTopic(topic, consumerGroup)
    const v2 = popRetryTopic(topic, consumerGroup, true)
    if (!enableRetryTopicV2) return [v1]
    if (!retrieveMessageFromPopRetryTopicV1) return [v2]
    return chance % 2 === 0 ? [v1, v2] : [v2, v1]
  }

  async #popQueues(run: PopRun, topic: TopicConfig | undefined, first: number): Promise<void> {
    if (topic === undefined) return
    for (let i = 0; i < topic.readQueueNums; i++) {
      const step = this.#parts.config.priorityOrderAsc ? topic.readQueueNums - 1 - i : i
      const queueId = (first + step) % topic.readQueueNums
      await popQueue(this.#parts, run, { topic: topic.topicName, queueId })
    }
  }

  /** What woke this pop, or is left, is for the next one. */
  #answer(run: PopRun, woken: boolean): PopReply {
    const { consumerGroup, queueId, topic } = run.header
    if (woken || run.rest > 0) this.#parts.polling.wake(topic, consumerGroup, queueId)
    return ok(headerOf(run), run.records, 'FOUND')
  }
}

function nothing(run: PopRun, code: number): PopReply {
  return refuse(code, 'NO_MESSAGE_IN_QUEUE', headerOf(run))
}

/** Java unboxes the numbers unseen, also of a refusal. */
function emptyHeader({ invisibleTime }: PopHeader) {
  return { popTime: 0, invisibleTime, reviveQid: 0, restNum: 0 }
}

function headerOf({ header, orderCounts, popTime, queues, rest, reviveQid }: PopRun) {
  return {
    popTime,
    invisibleTime: header.invisibleTime,
    reviveQid,
    restNum: rest,
    startOffsetInfo: startOffsetInfo(queues),
    msgOffsetInfo: msgOffsetInfo(queues),
    ...(header.order === true ? { orderCountInfo: orderCountInfo(orderCounts) } : {}),
  }
}
