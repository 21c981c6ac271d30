import {
  decodeRecord,
  encodePopReceipt,
  encodeProperties,
  encodeRecord,
  type PopReceipt,
  PROPERTIES_SIZE_MAX,
  Property,
  recordSize,
  retryFlagOf,
} from '@rockhopper/message'

/**
 * A record of a retry topic as the consumer gets it: under its original topic, with the receipt as POP_CK,
 * since the answer's offsets could not be told apart from those of the topic itself (Apache: recode in
 * PopMessageProcessor.popMsgFromQueue). A record without room for the receipt stays as it is: clients then
 * find it by the retry flag.
 */
export function asOriginalTopic(
  record: Buffer,
  topic: string,
  pop: Omit<PopReceipt, 'retryFlag' | 'queueId' | 'queueOffset'>,
): Buffer {
  const decoded = decodeRecord(record, 0)
  if (!decoded.ok) return Buffer.from(record)
  const { queueId, queueOffset, physicalOffset, storeTimestamp, ...message } = decoded.value
  const retryFlag = retryFlagOf(message.topic)
  message.properties[Property.POP_CK] ??= encodePopReceipt({ ...pop, retryFlag, queueId, queueOffset })
  const properties = encodeProperties(message.properties)
  if (properties.length > PROPERTIES_SIZE_MAX) return Buffer.from(record)
  const draft = { ...message, topic, queueId, properties }
  const bytes = Buffer.alloc(recordSize(draft))
  encodeRecord(draft, { queueOffset, physicalOffset, storeTimestamp }, bytes, 0)
  return bytes
}
