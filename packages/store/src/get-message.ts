import type { ConsumeQueue } from './consume-queue.js'
import { isFiller, UNIT_SIZE, unitPhysicalOffset, unitSize, unitTagsCode } from './consume-queue-unit.js'
import type { LogReader } from './log-reader.js'
import type { GetMessageQuery, GetMessageResult, GetMessageStatus } from './message-store.js'
import { readRecords, type WantedRecord } from './queue-records.js'
import type { StoreConfig } from './store-config.js'

export interface ReadContext {
  readonly config: StoreConfig
  readonly reader: LogReader
  /** First physical offset there is. */
  readonly minPhysicalOffset: number
  /** End of what may be seen. */
  readonly readable: number
  /** Bytes behind the end of the log that are taken to be cached. */
  readonly cachedSize: number
}

/** DefaultMessageStore#getMessage: statuses, corrections and limits of store-format.md section 16. */
export async function getMessage(
  context: ReadContext,
  queue: ConsumeQueue | undefined,
  query: GetMessageQuery,
): Promise<GetMessageResult> {
  const { queueOffset } = query
  if (queue === undefined) return empty('NO_MATCHED_LOGIC_QUEUE', 0, 0, 0)
  const { minOffset, maxOffset } = queue
  if (maxOffset === 0) return empty('NO_MESSAGE_IN_QUEUE', 0, minOffset, maxOffset)
  if (queueOffset < minOffset) return empty('OFFSET_TOO_SMALL', minOffset, minOffset, maxOffset)
  if (queueOffset === maxOffset) return empty('OFFSET_OVERFLOW_ONE', queueOffset, minOffset, maxOffset)
  if (queueOffset > maxOffset) return empty('OFFSET_OVERFLOW_BADLY', maxOffset, minOffset, maxOffset)
  const units = queue.read(queueOffset, unitsMax(context, query))
  if (units === undefined)
    return empty('OFFSET_FOUND_NULL', queue.nextFile(queueOffset), minOffset, maxOffset)
  return collect(context, queue, query, units)
}

async function collect(
  context: ReadContext,
  queue: ConsumeQueue,
  query: GetMessageQuery,
  units: Buffer,
): Promise<GetMessageResult> {
  const { minOffset, maxOffset } = queue
  const picked: Buffer[] = []
  const batch = { size: 0, status: 'NO_MATCHED_MESSAGE' as GetMessageStatus }
  let next = query.queueOffset
  let lastPhysicalOffset = 0
  // Records that no filter looks at are read together; a filter on records reads them one by one.
  const readAhead = query.matchesRecord === undefined ? Number.MAX_SAFE_INTEGER : 1
  const countMax = units.length / UNIT_SIZE
  for (let done = 0; done < countMax; ) {
    const chosen = choose(context, query, units, done, picked.length, batch.size, readAhead)
    const records = await readRecords(
      context.reader,
      context.config.mappedFileSizeCommitLog,
      queue,
      chosen.wanted,
    )
    for (const record of records) {
      if (record === undefined) {
        if (picked.length === 0) batch.status = 'MESSAGE_WAS_REMOVING'
        continue
      }
      if (query.matchesRecord !== undefined && !query.matchesRecord(record)) continue
      picked.push(record)
      batch.size += record.length
      batch.status = 'FOUND'
    }
    lastPhysicalOffset = chosen.wanted.at(-1)?.physicalOffset ?? lastPhysicalOffset
    if (chosen.removed && picked.length === 0) batch.status = 'MESSAGE_WAS_REMOVING'
    done = chosen.end
    next = query.queueOffset + done
    if (chosen.full) break
  }
  // After a failure of the disk the entry is of a record that may not be shown: as if it did not exist yet.
  if (next === query.queueOffset) batch.status = 'OFFSET_OVERFLOW_ONE'
  const suggestPullingFromSlave = context.readable - lastPhysicalOffset > context.cachedSize
  return {
    status: batch.status,
    nextBeginOffset: next,
    minOffset,
    maxOffset,
    records: picked,
    size: batch.size,
    suggestPullingFromSlave,
  }
}

interface Chosen {
  readonly wanted: readonly WantedRecord[]
  /** Index of the first unit not examined. */
  readonly end: number
  /** The batch takes no more. */
  readonly full: boolean
  /** Some unit points before the first record there is. */
  readonly removed: boolean
}

function choose(
  context: ReadContext,
  query: GetMessageQuery,
  units: Buffer,
  from: number,
  count: number,
  size: number,
  wantedMax: number,
): Chosen {
  const wanted: WantedRecord[] = []
  let removed = false
  const total = { count, size }
  for (let i = from; i < units.length / UNIT_SIZE; i++) {
    const at = i * UNIT_SIZE
    const physicalOffset = unitPhysicalOffset(units, at)
    const recordSize = unitSize(units, at)
    if (wanted.length >= wantedMax) return { wanted, end: i, full: false, removed }
    if (!isFiller(units, at) && physicalOffset + recordSize > context.readable)
      return { wanted, end: i, full: true, removed }
    if (isFull(context, query, total, physicalOffset, recordSize))
      return { wanted, end: i, full: true, removed }
    if (isFiller(units, at) || physicalOffset < context.minPhysicalOffset) {
      removed = true
      continue
    }
    if (query.matchesEntry !== undefined && !query.matchesEntry(unitTagsCode(units, at))) continue
    wanted.push({ queueOffset: query.queueOffset + i, physicalOffset, size: recordSize })
    total.count++
    total.size += recordSize
  }
  return { wanted, end: units.length / UNIT_SIZE, full: false, removed }
}

/** DefaultMessageStore#isTheBatchFull: the first message always fits. */
function isFull(
  context: ReadContext,
  { countMax, sizeMax }: GetMessageQuery,
  total: { readonly count: number; readonly size: number },
  physicalOffset: number,
  recordSize: number,
): boolean {
  if (total.count === 0) return false
  if (total.count >= countMax) return true
  const size = total.size + recordSize
  if (sizeMax !== undefined && size > sizeMax) return true
  const { config, readable, cachedSize } = context
  if (readable - physicalOffset <= cachedSize) {
    return (
      size > config.maxTransferBytesOnMessageInMemory ||
      total.count >= config.maxTransferCountOnMessageInMemory
    )
  }
  return (
    size > config.maxTransferBytesOnMessageInDisk || total.count >= config.maxTransferCountOnMessageInDisk
  )
}

/** Entries examined at most: normally 800. */
function unitsMax({ config }: ReadContext, { countMax }: GetMessageQuery): number {
  return Math.max(Math.ceil(config.maxFilterMessageSize / UNIT_SIZE), countMax)
}

function empty(
  status: GetMessageStatus,
  next: number,
  minOffset: number,
  maxOffset: number,
): GetMessageResult {
  return {
    status,
    nextBeginOffset: next,
    minOffset,
    maxOffset,
    records: [],
    size: 0,
    suggestPullingFromSlave: false,
  }
}
