import type { MessageExt } from '@rockhopper/message'
import type { MessageQueue } from '@rockhopper/remoting'

/**
 * A message as a listener gets it: the record, and what is read from its properties. Bytes are the caller's
 * own.
 */
export interface MessageView extends MessageExt {
  /** The property TAGS; absent when the sender set none. */
  readonly tag?: string
  /** The property KEYS, split at spaces. */
  readonly keys: readonly string[]
  /**
   * The sender's unique id (UNIQ_KEY), or the offset id where the sender set none. Stays the same over
   * retries.
   */
  readonly messageId: string
  /** Address and physical offset of this record, 32 or 56 hex digits (remoting.md section 13.1). */
  readonly offsetMessageId: string
  /** The broker the record was pulled from. */
  readonly brokerName: string
  /**
   * The queue the record was pulled from: of `%RETRY%<group>` for a retry, while `topic` is the original
   * one.
   */
  readonly messageQueue: MessageQueue
}
