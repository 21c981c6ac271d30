import {
  type LocalTransactionState,
  TransactionProducer,
  type TransactionProducerOptions,
} from '@rockhopper/client'
import type { Decision, Ledger } from './ledger.js'

export const TOPIC = 'decided'
export const GROUP = 'deciders'

/** LATER commits, but leaves it to a check to tell the broker. */
export type Plan = Decision | 'LATER'

/** What the application does at the steps of a transaction. */
export interface Steps {
  beforeCommit?(): void
  afterCommit?(): void
  whenAsked?(): void
}

/** The transactional producer of one process; its local transaction is a row of the ledger. */
export function application(
  namesrvAddr: string,
  ledger: Ledger,
  steps: Steps = {},
  options: Partial<TransactionProducerOptions<Plan>> = {},
): TransactionProducer<Plan> {
  return new TransactionProducer<Plan>({
    namesrvAddr,
    producerGroup: GROUP,
    sendMsgTimeoutMs: 1_000,
    heartbeatBrokerIntervalMs: 1_000,
    listener: {
      executeLocalTransaction: async (_message, plan, { transactionId }) => {
        steps.beforeCommit?.()
        const decided = stateOf(ledger.decide(transactionId, plan === 'LATER' ? 'COMMITTED' : plan))
        steps.afterCommit?.()
        return plan === 'LATER' ? 'UNKNOW' : decided
      },
      // What is not there by now cannot commit any more.
      checkLocalTransaction: async (_message, { transactionId }) => {
        steps.whenAsked?.()
        return stateOf(ledger.decide(transactionId, 'ROLLED_BACK'))
      },
    },
    ...options,
  })
}

function stateOf(decision: Decision): LocalTransactionState {
  return decision === 'COMMITTED' ? 'COMMIT_MESSAGE' : 'ROLLBACK_MESSAGE'
}
