import type { Message } from '@rockhopper/message'
import type { MessageView } from './message-view.js'
import type { SendResult } from './send-result.js'

/** What became of the local transaction (Apache: LocalTransactionState). UNKNOW: the broker asks later. */
export type LocalTransactionState = 'COMMIT_MESSAGE' | 'ROLLBACK_MESSAGE' | 'UNKNOW'

export interface TransactionContext {
  /** UNIQ_KEY of the message: the same here and in every check. */
  readonly transactionId: string
  /** Aborted when the deadline has passed, the caller gave up or the producer shuts down. */
  readonly signal: AbortSignal
}

/**
 * The application's side of a transactional message (Apache: TransactionListener). Both answer with a promise
 * and never with a bare state: TypeScript takes the literal in `async () => 'COMMIT_MESSAGE'` for a string
 * where either would do.
 */
export interface TransactionListener<Argument = unknown> {
  /**
   * The broker holds the message back: do the local work, and say what became of it. A throw counts as
   * UNKNOW, because nobody can tell what was done before it.
   */
  executeLocalTransaction(
    message: Message,
    argument: Argument,
    context: TransactionContext,
  ): Promise<LocalTransactionState>
  /**
   * The broker has heard nothing for a while and asks any member of the producer group: also one that did not
   * send the message. It is never called for a transaction that is still executing in this producer. Whoever
   * cannot tell answers UNKNOW; a throw counts as that, too.
   */
  checkLocalTransaction(message: MessageView, context: TransactionContext): Promise<LocalTransactionState>
}

export interface TransactionSendResult extends SendResult {
  readonly transactionId: string
  readonly localTransactionState: LocalTransactionState
  /**
   * True when the broker has answered that it keeps the decision. When false, it asks the group later: the
   * message becomes visible if and only if a check says so.
   */
  readonly confirmed: boolean
  /** What `executeLocalTransaction` threw, or why it or the broker's answer was not waited for. */
  readonly error?: unknown
}
