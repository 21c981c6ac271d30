import { decodeRecallHandle, isWriteable, Property, type RecallHandle } from '@rockhopper/message'
import { ok, type Reply, type Request, type RequestHeader, ResponseCode, refuse } from '@rockhopper/remoting'
import { type OutgoingMessage, writeMessage } from '../message-writer.js'
import type { BrokerParts } from '../parts.js'
import { deleteKey } from '../timer/timed-message.js'

type RecallHeader = RequestHeader<'RECALL_MESSAGE'>

/** Apache: RecallMessageProcessor.RECALL_MESSAGE_TAG. */
const RECALL_TAG = '_RECALL_TAG_'

/** Code 370: takes back a message that still waits for its time (remoting.md section 21). */
export function recallProcessors(parts: BrokerParts) {
  return { RECALL_MESSAGE: (header: RecallHeader, request: Request) => recall(parts, header, request) }
}

async function recall(
  parts: BrokerParts,
  header: RecallHeader,
  request: Request,
): Promise<Reply<'RECALL_MESSAGE'>> {
  const refusal = refuseBroker(parts)
  if (refusal !== undefined) return refuse(refusal.code, refusal.remark)
  if (parts.topics.get(header.topic) === undefined) {
    return refuse(ResponseCode.TOPIC_NOT_EXIST, `recall failed, the topic[${header.topic}] not exist`)
  }
  const handle = decodeRecallHandle(header.recallHandle)
  if (handle === undefined) return refuse(ResponseCode.ILLEGAL_OPERATION, 'recall handle is invalid')
  const mistake = mistakeOf(parts, header, handle)
  if (mistake !== undefined) return refuse(ResponseCode.ILLEGAL_OPERATION, mistake)
  const written = await writeMessage(parts, recallOf(parts, header, request, handle))
  if ('placed' in written) return ok({ msgId: handle.messageId })
  return refuse(ResponseCode.SYSTEM_ERROR, 'recall failed, execute error')
}

function refuseBroker({ config }: BrokerParts): { code: number; remark: string } | undefined {
  if (!config.recallMessageEnable) {
    return { code: ResponseCode.NO_PERMISSION, remark: 'recall failed, operation is forbidden' }
  }
  const remark = 'recall failed, broker service not available'
  if (config.brokerRole === 'SLAVE') return { code: ResponseCode.SLAVE_NOT_AVAILABLE, remark }
  if (isWriteable(config.brokerPermission) || config.allowRecallWhenBrokerNotWriteable) return undefined
  return { code: ResponseCode.SERVICE_NOT_AVAILABLE, remark }
}

function mistakeOf(
  { clock, config }: BrokerParts,
  header: RecallHeader,
  { brokerName, timestamp, topic }: RecallHandle,
): string | undefined {
  if (topic !== header.topic) return 'recall failed, topic not match'
  if (brokerName !== config.brokerName) return 'recall failed, broker service not available'
  const leftMs = (/^\d{1,15}$/.test(timestamp) ? Number(timestamp) : -1) - clock.now()
  const possible = leftMs > 0 && leftMs < config.timerMaxDelaySec * 1_000
  return possible ? undefined : 'recall failed, timestamp invalid'
}

/** A message that waits in the tick of the one it takes back. */
function recallOf(
  { clock, storeHost }: BrokerParts,
  { producerGroup }: RecallHeader,
  { connection }: Request,
  { messageId, timestamp, topic }: RecallHandle,
): OutgoingMessage {
  const now = clock.now()
  const properties = {
    [Property.TAGS]: RECALL_TAG,
    [Property.TIMER_DEL_UNIQKEY]: deleteKey(topic, messageId),
    [Property.UNIQ_KEY]: messageId,
    [Property.TIMER_DELIVER_MS]: timestamp,
    [Property.BORN_TIMESTAMP]: String(now),
    ...(producerGroup === undefined ? {} : { [Property.PGROUP]: producerGroup }),
  }
  return {
    topic,
    queueId: 0,
    body: Buffer.from('0'),
    properties,
    flag: 0,
    sysFlag: 0,
    bornTimestamp: now,
    bornHost: { address: connection.remoteAddress, port: connection.remotePort },
    storeHost,
    reconsumeTimes: 0,
    preparedTransactionOffset: 0,
  }
}
