import {
  type MessageQueue,
  ok,
  type Processors,
  type Reply,
  type RequestHeader,
  ResetOffsetBody,
  ResetOffsetBodyForC,
  ResponseCode,
  refuse,
} from '@rockhopper/remoting'
import type { BrokerParts } from '../parts.js'
import type { Refusal } from '../send-checks.js'

type ResetHeader = RequestHeader<'INVOKE_BROKER_TO_RESET_OFFSET'>
type Targets = readonly (readonly [MessageQueue, number])[]

/** Code 222 (remoting.md section 23): at the broker by default, else by a push to the consumers. */
export function resetOffset(parts: BrokerParts): Processors {
  return {
    INVOKE_BROKER_TO_RESET_OFFSET: async (header) => {
      const { config, groups, topics } = parts
      const topic = topics.get(header.topic)
      if (config.brokerRole === 'SLAVE')
        return refuse(ResponseCode.SYSTEM_ERROR, 'Can not reset offset in slave broker')
      if (topic === undefined)
        return refuse(ResponseCode.TOPIC_NOT_EXIST, `Topic ${header.topic} does not exist`)
      if (groups.get(header.group) === undefined) {
        return refuse(ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST, `Group ${header.group} does not exist`)
      }
      const targets = await targetsOf(parts, header, topic.readQueueNums)
      if ('code' in targets) return refuse(targets.code, targets.remark)
      return config.useServerSideResetOffset
        ? resetHere(parts, header, targets)
        : pushReset(parts, header, targets)
    },
  }
}

async function targetsOf(
  parts: BrokerParts,
  header: ResetHeader,
  readQueueNums: number,
): Promise<Targets | Refusal> {
  const { config, store } = parts
  const { topic, offset, timestamp } = header
  const queueId = header.queueId ?? -1
  if (queueId >= readQueueNums) {
    return { code: ResponseCode.INVALID_PARAMETER, remark: `Target queue ${queueId} does not exist` }
  }
  const queue = (id: number): MessageQueue => ({ brokerName: config.brokerName, queueId: id, topic })
  if (queueId >= 0 && offset !== undefined && offset !== -1) {
    const [minOffset, maxOffset] = [store.minOffset(topic, queueId), store.maxOffset(topic, queueId)]
    if (offset >= minOffset && offset <= maxOffset + 1) return [[queue(queueId), offset]]
    const remark = `Target offset ${offset} not in consume queue range [${minOffset}-${maxOffset}]`
    return { code: ResponseCode.SYSTEM_ERROR, remark }
  }
  const ids = queueId >= 0 ? [queueId] : Array.from({ length: readQueueNums }, (_, id) => id)
  return Promise.all(
    ids.map(async (id) => [queue(id), await offsetAt(parts, header, id, timestamp)] as const),
  )
}

/** `timestamp` -1 means the end. Without force an offset only moves back. */
async function offsetAt(
  { offsets, store }: BrokerParts,
  header: ResetHeader,
  queueId: number,
  timestamp: number,
) {
  const { group, isForce, topic } = header
  const wanted =
    timestamp === -1
      ? store.maxOffset(topic, queueId)
      : await store.offsetByTimestamp(topic, queueId, timestamp, 'LOWER')
  const committed = offsets.committed(group, topic, queueId)
  return isForce || committed === undefined ? wanted : Math.min(wanted, committed)
}

function resetHere({ arrivals, offsets }: BrokerParts, { group }: ResetHeader, targets: Targets) {
  for (const [{ topic, queueId }, queueOffset] of targets) {
    offsets.reset(group, topic, queueId, queueOffset)
    // A pull that waits learns of it now rather than at its deadline.
    arrivals.wakeAll(topic, queueId)
  }
  return ok({}, ResetOffsetBody.encode({ offsetTable: targets }))
}

function pushReset(
  { consumers }: BrokerParts,
  header: ResetHeader,
  targets: Targets,
): Reply<'INVOKE_BROKER_TO_RESET_OFFSET'> {
  const { group, isForce, timestamp, topic } = header
  const members = consumers.get(group)
  if (members === undefined) {
    const remark = `Consumer not online, so can not reset offset, Group: ${group} Topic: ${topic}`
    return refuse(ResponseCode.CONSUMER_NOT_ONLINE, remark)
  }
  const body = ResetOffsetBody.encode({ offsetTable: targets })
  const rows = targets.map(([{ brokerName, queueId }, offset]) => ({ brokerName, offset, queueId, topic }))
  const bodyForC = ResetOffsetBodyForC.encode({ offsetTable: rows })
  for (const { connection, language } of members.channels.values()) {
    const push = { topic, group, timestamp, isForce }
    connection.invokeOneway('RESET_CONSUMER_CLIENT_OFFSET', push, language === 'CPP' ? bodyForC : body)
  }
  return ok({}, body)
}
