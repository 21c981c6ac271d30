import type { Compute } from '@rockhopper/env'
import {
  compressionOf,
  hostText,
  isRetryTopic,
  type MessageExt,
  MqError,
  matchesTags,
  messageKeys,
  offsetMessageId,
  Property,
  withoutCompression,
} from '@rockhopper/message'
import type { MessageQueue } from '@rockhopper/remoting'
import type { MessageView } from './message-view.js'

/** A record as the application sees it: retried messages get their first topic back. */
export function viewOf(record: MessageExt, queue: MessageQueue): MessageView {
  const { properties } = record
  const offsetId = offsetMessageId(record.storeHost, record.physicalOffset)
  const tag = properties[Property.TAGS]
  const origin = properties[Property.RETRY_TOPIC]
  return {
    ...record,
    topic: isRetryTopic(record.topic) && origin !== undefined ? origin : record.topic,
    messageId: properties[Property.UNIQ_KEY] ?? offsetId,
    offsetMessageId: offsetId,
    keys: messageKeys(properties),
    brokerName: queue.brokerName,
    messageQueue: queue,
    ...(tag === undefined ? {} : { tag }),
  }
}

/** The client's second look, by the tags themselves: the broker compared hashes only. */
export const wantedBy = (tagsSet: ReadonlySet<string>, record: MessageExt): boolean =>
  matchesTags(tagsSet, record.properties[Property.TAGS])

/**
 * The record with its body as the sender wrote it. Rejects with MqError COMPRESSION_UNSUPPORTED for codecs
 * that this process lacks, BODY_ILLEGAL for a broken stream or one of more than `sizeMax` bytes.
 */
export async function decompressed(
  record: MessageExt,
  compute: Compute,
  sizeMax: number,
): Promise<MessageExt> {
  const type = compressionOf(record.sysFlag)
  if (type === undefined) return record
  const { topic, storeHost, properties, physicalOffset } = record
  const id = properties[Property.UNIQ_KEY] ?? physicalOffset
  const what = `Reading message ${id} of '${topic}' from ${hostText(storeHost)}`
  if (type === 'unknown')
    throw new MqError('COMPRESSION_UNSUPPORTED', `${what}, compressed in an unknown way`)
  const body = await compute.decompress(type, record.body, sizeMax).catch((cause: unknown) => {
    if (isUnsupported(cause))
      throw new MqError('COMPRESSION_UNSUPPORTED', `${what}, compressed with ${type}: ${cause.message}`, {
        cause,
      })
    throw new MqError('BODY_ILLEGAL', `${what}: decompressing its body (at most ${sizeMax} bytes)`, { cause })
  })
  return { ...record, body, sysFlag: withoutCompression(record.sysFlag) }
}

/** `Compute` lacks the codec. */
export const isUnsupported = (error: unknown): error is Error =>
  (error as { code?: unknown } | undefined)?.code === 'ERR_UNSUPPORTED'
