import { decodeRecord, type MessageExt, Property } from '@rockhopper/message'
import type { MessageStore } from '@rockhopper/store'

/** Records of one UNIQ_KEY that are looked at. */
const COUNT_MAX = 32

/**
 * Whether a half message from before this broker's start was committed: a crash may have lost the op message
 * of a commit that is stored. The index by key tells; without it the producer is asked again.
 */
export async function wasCommitted(store: MessageStore, half: MessageExt): Promise<boolean> {
  const topic = half.properties[Property.REAL_TOPIC]
  const uniqueKey = half.properties[Property.UNIQ_KEY]
  if (topic === undefined || uniqueKey === undefined) return false
  const until = Number.MAX_SAFE_INTEGER
  const records = await store.queryMessage(topic, uniqueKey, COUNT_MAX, half.storeTimestamp, until)
  return records.some((record) => {
    const decoded = decodeRecord(record, 0)
    if (!decoded.ok) return false
    const { preparedTransactionOffset, properties } = decoded.value
    return preparedTransactionOffset === half.physicalOffset && properties[Property.UNIQ_KEY] === uniqueKey
  })
}
