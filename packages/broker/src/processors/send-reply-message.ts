import {
  hostText,
  isMqError,
  type Properties,
  Property,
  parseProperties,
  propertiesText,
} from '@rockhopper/message'
import { ok, type Request, RequestCode, ResponseCode, refuse } from '@rockhopper/remoting'
import { addressOf } from '../client-channel.js'
import { writeMessage } from '../message-writer.js'
import type { BrokerParts } from '../parts.js'
import { findSendTopic, refuseQueue, refuseTopicName, type SendHeader, unknownTopic } from '../send-checks.js'
import type { SendReply } from '../send-reply.js'

/** How long a requester has to take its reply (Apache: Broker2Client.callClient). */
const PUSH_TIMEOUT_MS = 10_000
const NO_BODY = Buffer.alloc(0)

/** Codes 324 and 325: the reply of request-reply, pushed to who asked (remoting.md section 24). */
export function replyMessageProcessors(parts: BrokerParts) {
  const reply = (header: SendHeader, request: Request) => sendReplyMessage(parts, header, request)
  return { SEND_REPLY_MESSAGE: reply, SEND_REPLY_MESSAGE_V2: reply }
}

async function sendReplyMessage(
  parts: BrokerParts,
  header: SendHeader,
  request: Request,
): Promise<SendReply> {
  const refusal = refuseTopicName(parts, header.topic)
  if (refusal !== undefined) return refuse(refusal.code, refusal.remark)
  const topic = parts.topics.get(header.topic) ?? (await findSendTopic(parts, header))
  const illegal = topic === undefined ? unknownTopic(header.topic) : refuseQueue(topic, header.queueId)
  if (topic === undefined || illegal !== undefined) {
    return refuse(illegal?.code ?? ResponseCode.TOPIC_NOT_EXIST, illegal?.remark ?? '')
  }
  const queueId = header.queueId >= 0 ? header.queueId : parts.random.int(Math.max(1, topic.writeQueueNums))
  const properties = parseProperties(header.properties ?? '')
  const failure = await push(parts, header, request, properties)
  const stored = parts.config.storeReplyMessageEnable
    ? await store(parts, header, request, properties, queueId)
    : undefined
  if (failure !== undefined) return refuse(ResponseCode.SYSTEM_ERROR, failure)
  const queueOffset = stored !== undefined && 'placed' in stored ? stored.placed.queueOffset : 0
  return ok({
    msgId: '0',
    queueId,
    queueOffset,
    MSG_REGION: parts.config.regionId,
    TRACE_ON: parts.config.traceOn,
  })
}

/** Undefined when the requester took it. */
async function push(
  parts: BrokerParts,
  header: SendHeader,
  { connection, body }: Request,
  properties: Properties,
): Promise<string | undefined> {
  const { clock, log, producers, storeHost } = parts
  const clientId = properties[Property.REPLY_TO_CLIENT]
  if (clientId === undefined) return `reply message properties[${Property.REPLY_TO_CLIENT}] is null`
  const requester = producers.findByClientId(clientId)
  if (requester === undefined) return `push reply message fail, channel of <${clientId}> not found.`
  const storeTimestamp = clock.now()
  properties[Property.PUSH_REPLY_TIME] = String(storeTimestamp)
  const { batch: _batch, maxReconsumeTimes: _limit, ...pushed } = header
  const pushHeader = {
    ...pushed,
    properties: propertiesText(properties),
    bornHost: addressOf(connection),
    storeHost: hostText(storeHost),
    storeTimestamp,
  }
  try {
    const response = await requester.connection.invoke('PUSH_REPLY_MESSAGE_TO_CLIENT', pushHeader, body, {
      timeoutMs: PUSH_TIMEOUT_MS,
    })
    if (response.code === ResponseCode.SUCCESS) return undefined
    return `push reply message to ${clientId} fail: ${response.remark ?? response.code}`
  } catch (error) {
    if (!isMqError(error)) throw error
    log.warn('REPLY_NOT_PUSHED', { clientId, code: RequestCode.PUSH_REPLY_MESSAGE_TO_CLIENT, error })
    return `push reply message to ${clientId} fail.`
  }
}

function store(
  parts: BrokerParts,
  header: SendHeader,
  { body, connection }: Request,
  properties: Properties,
  queueId: number,
) {
  return writeMessage(parts, {
    topic: header.topic,
    queueId,
    body: body ?? NO_BODY,
    properties,
    flag: header.flag,
    sysFlag: header.sysFlag,
    bornTimestamp: header.bornTimestamp,
    bornHost: { address: connection.remoteAddress, port: connection.remotePort },
    storeHost: parts.storeHost,
    reconsumeTimes: header.reconsumeTimes ?? 0,
    preparedTransactionOffset: 0,
  })
}
