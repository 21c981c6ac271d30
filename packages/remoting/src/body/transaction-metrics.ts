import { type BodyOf, body, i64, mapOf } from '../json/shape.js'
import { DataVersion } from './data-version.js'

/** The file config/transactionMetrics (Apache: TransactionMetricsSerializeWrapper). */
export const TransactionMetricsBody = body({
  dataVersion: DataVersion,
  transactionCount: mapOf(body({ count: i64(), timeStamp: i64() })),
})
export type TransactionMetricsBody = BodyOf<typeof TransactionMetricsBody>
