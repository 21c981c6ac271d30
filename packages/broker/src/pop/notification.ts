import { isReadable, popRetryTopic } from '@rockhopper/message'
import {
  ok,
  type Reply,
  type Request,
  type RequestHeader,
  ResponseCode,
  refuse,
  type TopicConfig,
} from '@rockhopper/remoting'
import { EVERYTHING } from '../pull-subscription.js'
import { refusePop } from './pop-checks.js'
import { restOf } from './pop-offset.js'
import type { PopParts } from './pop-parts.js'
import type { PopPolling } from './pop-polling.js'

type NotificationHeader = RequestHeader<'NOTIFICATION'>

/** Longest a request is held, whatever it asks for. */
const POLL_MAX_MS = 600_000

/**
 * Codes 200054 and 200055 (Apache: NotificationProcessor, PollingInfoProcessor): tell whether there is
 * something to pop, and how many pops wait. `listeners` are those who wait to be told.
 */
export function notificationProcessors(parts: PopParts, listeners: PopPolling) {
  return {
    NOTIFICATION: (header: NotificationHeader, request: Request) => notify(parts, listeners, header, request),
    POLLING_INFO: (header: RequestHeader<'POLLING_INFO'>) => pollingInfo(parts, header),
  }
}

async function notify(
  parts: PopParts,
  listeners: PopPolling,
  header: NotificationHeader,
  { connection }: Request,
): Promise<Reply<'NOTIFICATION'>> {
  const { clock, config } = parts
  if (!isReadable(config.brokerPermission)) return forbidden(config.brokerIP1)
  const checked = await refusePop(parts, header)
  if ('code' in checked) return refuse(checked.code, checked.remark, { hasMsg: false })
  const bornTime = header.bornTime || clock.now()
  const { consumerGroup, pollTime, queueId, topic } = header
  const interest = { topic, consumerGroup, queueId, filter: EVERYTHING, owner: connection }
  const waiter = listeners.listen(interest)
  try {
    for (;;) {
      if (hasMessage(parts, checked, header)) return ok({ hasMsg: true, pollingFull: false })
      const leftMs = Math.min(bornTime + pollTime - clock.now(), pollTime, POLL_MAX_MS)
      if (leftMs <= 0 || connection.closed) return ok({ hasMsg: false, pollingFull: false })
      const wake = await waiter.wait(leftMs)
      if (wake === 'full') return ok({ hasMsg: false, pollingFull: true })
      if (wake === 'released') return ok({ hasMsg: false, pollingFull: false })
    }
  } finally {
    waiter.end()
  }
}

function forbidden(address: string) {
  const remark = `the broker[${address}] peeking message is forbidden`
  return refuse(ResponseCode.NO_PERMISSION, remark, { hasMsg: false })
}

function hasMessage(parts: PopParts, topic: TopicConfig, header: NotificationHeader): boolean {
  const { consumerGroup } = header
  const names = [
    topic.topicName,
    popRetryTopic(topic.topicName, consumerGroup),
    popRetryTopic(topic.topicName, consumerGroup, true),
  ]
  return names.some((name) => {
    const each = parts.topics.get(name)
    if (each === undefined) return false
    const isOne = name === topic.topicName && header.queueId >= 0
    const queueIds = isOne ? [header.queueId] : Array.from({ length: each.readQueueNums }, (_, id) => id)
    return queueIds.some((queueId) => hasMessageIn(parts, header, name, queueId))
  })
}

function hasMessageIn(
  parts: PopParts,
  { attemptId, consumerGroup, order }: NotificationHeader,
  topic: string,
  queueId: number,
): boolean {
  if (order === true && parts.orders.isBlocked(topic, consumerGroup, queueId, attemptId)) return false
  return restOf(parts, { topic, consumerGroup, queueId, initMode: 0 }) > 0
}

async function pollingInfo(
  parts: PopParts,
  header: RequestHeader<'POLLING_INFO'>,
): Promise<Reply<'POLLING_INFO'>> {
  if (!isReadable(parts.config.brokerPermission)) {
    const remark = `the broker[${parts.config.brokerIP1}] peeking message is forbidden`
    return refuse(ResponseCode.NO_PERMISSION, remark, { pollingNum: 0 })
  }
  const checked = await refusePop(parts, header)
  if ('code' in checked) return refuse(checked.code, checked.remark, { pollingNum: 0 })
  return ok({ pollingNum: parts.polling.parked(header.topic, header.consumerGroup, header.queueId) })
}
