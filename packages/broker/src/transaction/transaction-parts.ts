import type { BrokerParts } from '../parts.js'
import type { HalfDecisions } from './half-decisions.js'
import type { TransactionMetrics } from './transaction-metrics.js'

/** What the end of a transaction and the check share. */
export interface TransactionParts extends BrokerParts {
  readonly decisions: HalfDecisions
  readonly metrics: TransactionMetrics
  /** When this broker began; what was stored earlier may have been decided before a crash. */
  readonly startedAt: number
  /** The check is through with half messages below this queue offset. */
  advance(halfOffset: number): void
}
