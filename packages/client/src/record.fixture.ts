import { encodeProperties, encodeRecord, type RecordDraft, recordSize } from '@rockhopper/message'

/** A stored message of topic T, queue 0, offset 0, as brokers hand it out. */
export function recordOf(body: string, properties: Readonly<Record<string, string>> = {}): Buffer {
  const host = { address: '127.0.0.1', port: 1 }
  const draft: RecordDraft = {
    topic: 'T',
    queueId: 0,
    body: Buffer.from(body),
    properties: encodeProperties(properties),
    flag: 0,
    sysFlag: 0,
    bornTimestamp: 1,
    bornHost: host,
    storeHost: host,
    reconsumeTimes: 0,
    preparedTransactionOffset: 0,
  }
  const record = Buffer.alloc(recordSize(draft))
  encodeRecord(draft, { queueOffset: 0, physicalOffset: 0, storeTimestamp: 1 }, record, 0)
  return record
}
