import { closeSync, ftruncateSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { BLANK_MAGIC, encodeRecord, putI32, recordSize } from '@rockhopper/message'

const FILE_SIZE = 1024 * 1024 * 1024

/**
 * Log files of 1 GiB that hold one real record each and a blank behind it, which says that the rest of the
 * file is not used: a large store as far as offsets and file counts go, of which almost nothing is on disk.
 */
export function makeSparseStore(directory: string, files: number, storeTimestamp: number): void {
  const log = join(directory, 'commitlog')
  mkdirSync(log, { recursive: true })
  const host = { address: '127.0.0.1', port: 10911 }
  const draft = {
    topic: 'LoadTest',
    queueId: 0,
    body: Buffer.alloc(1024, 'r'),
    properties: Buffer.alloc(0),
    flag: 0,
    sysFlag: 0,
    bornTimestamp: storeTimestamp,
    bornHost: host,
    storeHost: host,
    reconsumeTimes: 0,
    preparedTransactionOffset: 0,
  }
  const size = recordSize(draft)
  for (let i = 0; i < files; i++) {
    const physicalOffset = i * FILE_SIZE
    const bytes = Buffer.alloc(size + 8)
    encodeRecord(draft, { queueOffset: i, physicalOffset, storeTimestamp: storeTimestamp + i }, bytes, 0)
    putI32(bytes, size, FILE_SIZE - size)
    putI32(bytes, size + 4, BLANK_MAGIC)
    const descriptor = openSync(join(log, String(physicalOffset).padStart(20, '0')), 'w')
    ftruncateSync(descriptor, FILE_SIZE)
    writeSync(descriptor, bytes, 0, bytes.length, 0)
    closeSync(descriptor)
  }
}
