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
): Promise<void> {
  const { instance, consumerGroup, maxReconsumeTimes } = parts
  const address = instance.routes.masterAddress(message.brokerName)
  try {
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
  } catch (error) {
    if (!(error instanceof MqError)) throw error
    instance.env.log.warn('client.sendBack.refused', {
      consumerGroup,
      messageId: message.messageId,
      address,
      error,
    })
    const outgoing = retryMessage(message, consumerGroup, maxReconsumeTimes, delayLevel)
    await parts.sender.send(outgoing, { timeoutMs: SEND_BACK_TIMEOUT_MS })
  }
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
): OutgoingMessage {
  const topic = retryTopic(consumerGroup)
  // Above the limit the broker diverts a message of a retry topic into the dead-letter topic.
  const limit = Math.min(maxReconsumeTimes, RECONSUME_LIMIT_MAX)
  const reconsumeTimes = delayLevel < 0 ? limit + 1 : message.reconsumeTimes + 1
  const properties: Properties = Object.assign(Object.create(null), message.properties)
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
