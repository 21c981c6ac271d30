import type {
  LocalTransactionState,
  TransactionContext,
  TransactionProducer,
  TransactionSendResult,
} from '@rockhopper/client'
import { type Message, MqError } from '@rockhopper/message'

/** Runs the work of one message. */
export type ExecuteTransaction = (context: TransactionContext) => Promise<LocalTransactionState>

export type NativeTransactionProducer = Pick<
  TransactionProducer<ExecuteTransaction>,
  'start' | 'greet' | 'shutdown' | 'sendMessageInTransaction'
>

export interface TransactionOutcome<T> {
  /** What the work returned; it is committed. */
  readonly value: T
  /**
   * Message id, and place of the half message: queue and offset. `confirmed: false`: the broker will ask, and
   * is told to commit.
   */
  readonly receipt: TransactionSendResult
}

/**
 * Stores the message where nobody sees it, runs the work, and tells the broker what became of it. Rejects
 * with MqError when the message could not be stored, and then the work did not run; with what the work
 * threw; with MqError REQUEST_TIMEOUT when its end is not known here.
 */
export async function runTransaction<T>(
  producer: NativeTransactionProducer,
  message: Message,
  work: (context: TransactionContext) => Promise<T>,
  stateOfFailure: (error: unknown) => LocalTransactionState,
  options: { readonly timeoutMs?: number } = {},
): Promise<TransactionOutcome<T>> {
  let value: { readonly of: T } | undefined
  let failure: { readonly error: unknown } | undefined
  const execute: ExecuteTransaction = async (context) => {
    try {
      value = { of: await work(context) }
      return 'COMMIT_MESSAGE'
    } catch (error) {
      failure = { error }
      return stateOfFailure(error)
    }
  }
  const receipt = await producer.sendMessageInTransaction(message, execute, options)
  // Read as what they may be now: the work ran in between.
  const done = value as { readonly of: T } | undefined
  const failed = failure as { readonly error: unknown } | undefined
  if (done !== undefined) return { value: done.of, receipt }
  if (failed !== undefined) throw failed.error
  if (receipt.error !== undefined) throw receipt.error
  throw new MqError('SEND_FAILED', `Storing a half message for '${message.topic}': ${receipt.status}`)
}
