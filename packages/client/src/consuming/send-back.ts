import { MqError, type Properties, Property, propertiesText, retryTopic } from '@rockhopper/message'
import type { ClientInstance } from '../client-instance.js'
import type { MessageView } from '../message-view.js'
import type { OutgoingMessage } from '../producing/outgoing-message.js'
import type { Sender } from '../producing/sender.js'

/** Deadline of a send-back (Apache: 5 s). */
const SEND_BACK_TIMEOUT_MS = 5_000
/** The counter is an i32 on the wire and has to go one above the limit. */
const RECONSUME_LIMIT_MAX = 0x7fffffff - 1

export interface SendBackParts {
  readonly instance: ClientInstance
  readonly sender: Sender
  readonly consumerGroup: string
  readonly maxReconsumeTimes: number
}

/**
 * Gives a message back to the group (remoting.md section 20): the broker that has it delivers it again
 * later, or puts it into `%DLQ%<group>`. When that broker cannot, an ordinary message to the retry topic
 * does the same at any other. `delayLevel` below 0 dead-letters, 0 leaves the delay to the broker. Rejects
 * when neither worked.
 */
export async function sendBack(
  parts: SendBackParts,
  message: MessageView,
  delayLevel: number,
  deadLetterProperties: Readonly<Record<string, string>> = {},
): Promise<void> {
  const { instance, consumerGroup } = parts
  // The broker copies the record it has, so properties can only travel with a message of our own.
  const direct = delayLevel >= 0 || Object.keys(deadLetterProperties).length === 0
  const [first, second] = direct ? [byCommand, byMessage] : [byMessage, byCommand]
  try {
    await first(parts, message, delayLevel, deadLetterProperties)
  } catch (error) {
    if (!(error instanceof MqError)) throw error
    const { messageId, brokerName } = message
    instance.env.log.warn('client.sendBack.refused', { consumerGroup, messageId, brokerName, error })
    await second(parts, message, delayLevel, deadLetterProperties)
  }
}

type Way = (
  parts: SendBackParts,
  message: MessageView,
  delayLevel: number,
  deadLetterProperties: Readonly<Record<string, string>>,
) => Promise<void>

/** CONSUMER_SEND_MSG_BACK to the broker that has the message. */
const byCommand: Way = async ({ instance, consumerGroup, maxReconsumeTimes }, message, delayLevel) => {
  const address = instance.routes.masterAddress(message.brokerName)
  if (address === undefined)
    throw new MqError('BROKER_NOT_FOUND', `Giving a message back to '${message.brokerName}'`)
  const header = {
    offset: message.physicalOffset,
    group: consumerGroup,
    delayLevel,
    originMsgId: message.offsetMessageId,
    originTopic: message.topic,
    unitMode: false,
    maxReconsumeTimes,
  }
  await instance.api.sendBack(address, header, { timeoutMs: SEND_BACK_TIMEOUT_MS })
}

/** An ordinary message to the retry topic, at any broker. */
const byMessage: Way = async (parts, message, delayLevel, deadLetterProperties) => {
  const { consumerGroup, maxReconsumeTimes } = parts
  const outgoing = retryMessage(message, consumerGroup, maxReconsumeTimes, delayLevel, deadLetterProperties)
  await parts.sender.send(outgoing, { timeoutMs: SEND_BACK_TIMEOUT_MS })
}

/**
 * Apache: ConsumeMessageConcurrentlyService.sendMessageBack, the fallback. The counters travel in the send
 * header.
 */
export function retryMessage(
  message: MessageView,
  consumerGroup: string,
  maxReconsumeTimes: number,
  delayLevel: number,
  more: Readonly<Record<string, string>> = {},
): OutgoingMessage {
  const topic = retryTopic(consumerGroup)
  // Above the limit the broker diverts a message of a retry topic into the dead-letter topic.
  const limit = Math.min(maxReconsumeTimes, RECONSUME_LIMIT_MAX)
  const reconsumeTimes = delayLevel < 0 ? limit + 1 : message.reconsumeTimes + 1
  const properties: Properties = Object.assign(Object.create(null), message.properties, more)
  for (const name of [Property.TRAN_MSG, Property.MIN_OFFSET, Property.MAX_OFFSET]) delete properties[name]
  properties[Property.RETRY_TOPIC] = message.topic
  properties[Property.ORIGIN_MESSAGE_ID] ??= message.offsetMessageId
  properties[Property.DELAY] = String(delayLevel > 0 ? delayLevel : 3 + message.reconsumeTimes)
  return {
    topic,
    kind: 'single',
    body: message.body,
    propertiesText: propertiesText(properties),
    flag: message.flag,
    // A body that could not be read here is still compressed; its bits go with it.
    sysFlag: message.sysFlag & ~0xfc,
    messageId: message.messageId,
    message: { topic, body: message.body },
    reconsumeTimes,
    maxReconsumeTimes: limit,
  }
}
