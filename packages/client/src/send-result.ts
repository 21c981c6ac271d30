import type { MessageQueue } from '@rockhopper/remoting'

/**
 * All four mean that the broker stored the message (Apache: SendStatus). The last three tell that the
 * configured flush or replication was not confirmed in time: the message is there, a crash right now could
 * lose it.
 */
export type SendStatus = 'SEND_OK' | 'FLUSH_DISK_TIMEOUT' | 'FLUSH_SLAVE_TIMEOUT' | 'SLAVE_NOT_AVAILABLE'

/** What the broker answered to a send (Apache: SendResult). */
export interface SendResult {
  readonly status: SendStatus
  /** UNIQ_KEY, made by this client; of a batch, the ids of its messages joined by a comma. */
  readonly messageId: string
  /** Made by the broker from its address and the physical offset; of a batch, joined by a comma. */
  readonly offsetMessageId: string
  readonly queue: MessageQueue
  /** Place in the queue; of a batch, of its first message. */
  readonly queueOffset: number
  readonly transactionId?: string
  /** For 370 RECALL_MESSAGE; only brokers from 5.3.2 on and only for timer messages. */
  readonly recallHandle?: string
}
