import type { ConsumeQueue } from './consume-queue.js'
import { isFiller, UNIT_SIZE, unitPhysicalOffset, unitSize, unitTagsCode } from './consume-queue-unit.js'
import type { LogBlocks } from './log-blocks.js'
import type { LogReader } from './log-reader.js'
import type { GetMessageQuery, GetMessageResult, GetMessageStatus } from './message-store.js'
import { fitsInFile, type RecordFilter, readRecords, type WantedRecord } from './queue-records.js'
import type { ReadLoan, ReadLoans } from './read-loans.js'
import type { StoreConfig } from './store-config.js'

/** Entries that a filter sees are read in such steps; without one all that are read are wanted. */
const FILTERED_WINDOW = 800

const NOTHING = () => {}
const NEVER = () => false

export interface ReadContext {
  readonly config: StoreConfig
  readonly loans: ReadLoans
  readonly reader: LogReader
  readonly blocks: LogBlocks
  /** First physical offset there is. */
  readonly minPhysicalOffset: number
  /** End of what was placed. */
  readonly placed: number
  /** End of what may be seen. */
  readonly readable: number
  /** Bytes behind the end of the log that are taken to be cached. */
  readonly cachedSize: number
  /** What an entry says is not there. */
  notFound(queue: ConsumeQueue, physicalOffset: number, size: number): void
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
  const loan = await context.loans.open(query.holder)
  try {
    const result = await collect(context, queue, query, loan)
    if (result !== undefined) {
      if (result.records.length === 0) loan.release()
      return result
    }
  } catch (error) {
    loan.release()
    throw error
  }
  loan.release()
  return empty('OFFSET_FOUND_NULL', queue.nextFile(queueOffset), minOffset, maxOffset)
}

/** Undefined when the file of the first entry is missing. */
async function collect(
  context: ReadContext,
  queue: ConsumeQueue,
  query: GetMessageQuery,
  loan: ReadLoan,
): Promise<GetMessageResult | undefined> {
  const { minOffset, maxOffset } = queue
  const { blocks, readable, reader } = context
  const source = { reader, blocks, readable, loan }
  const filter = filterOf(query)
  const examinedMax = unitsMax(context, query)
  const windowMax = Math.min(examinedMax, isFiltered(query) ? FILTERED_WINDOW : query.countMax)
  const picked: Buffer[] = []
  const batch = { size: 0, status: 'NO_MATCHED_MESSAGE' as GetMessageStatus }
  let next = query.queueOffset
  let lastPhysicalOffset = 0
  for (let examined = 0, full = false; !full && examined < examinedMax; ) {
    const wantedUnits = Math.min(windowMax, examinedMax - examined)
    const units = queue.read(next, wantedUnits)
    if (units === undefined && examined === 0) return undefined
    if (units === undefined || units.length === 0) break
    const windowStart = next
    const count = units.length / UNIT_SIZE
    for (let done = 0; done < count && !full; ) {
      const chosen = choose(context, queue, query, units, { windowStart, done }, picked.length, batch.size)
      const reading = readRecords(source, queue, chosen.wanted, filter)
      const { records, missing, judged, enough } = reading instanceof Promise ? await reading : reading
      const last = chosen.wanted[judged - 1]
      const end = enough && last !== undefined ? last.queueOffset - windowStart + 1 : chosen.end
      for (const want of missing) context.notFound(queue, want.physicalOffset, want.size)
      for (const record of records) {
        picked.push(record)
        batch.size += record.length
      }
      if (picked.length > 0) batch.status = 'FOUND'
      else if (missing.length > 0) batch.status = 'MESSAGE_WAS_REMOVING'
      lastPhysicalOffset = chosen.wanted.at(-1)?.physicalOffset ?? lastPhysicalOffset
      if (chosen.removed && picked.length === 0) batch.status = 'MESSAGE_WAS_REMOVING'
      done = end
      next = windowStart + done
      // What a filter on records refused left room in the batch.
      full = enough || (chosen.full && (filter === undefined || chosen.wanted.length === 0))
    }
    examined += count
    // A read ends early where a file ends or the entries in memory begin; behind that there may be more.
    if (count < wantedUnits && next >= maxOffset) break
  }
  loan.filled()
  // After a failure of the disk the entry is of a record that may not be shown: as if it did not exist yet.
  if (next === query.queueOffset) batch.status = 'OFFSET_OVERFLOW_ONE'
  return {
    status: batch.status,
    nextBeginOffset: next,
    minOffset,
    maxOffset,
    records: picked,
    spans: joined(picked),
    release: loan.release,
    size: batch.size,
    suggestPullingFromSlave: context.readable - lastPhysicalOffset > context.cachedSize,
  }
}

function isFiltered({ matchesEntry, matchesProperties }: GetMessageQuery): boolean {
  return matchesEntry !== undefined || matchesProperties !== undefined
}

function filterOf({ matchesProperties, enough }: GetMessageQuery): RecordFilter | undefined {
  return matchesProperties && { matches: matchesProperties, enough: enough ?? NEVER }
}

/** Records that lie side by side in memory as one buffer. */
function joined(records: readonly Buffer[]): Buffer[] {
  const spans: Buffer[] = []
  for (let from = 0; from < records.length; ) {
    const first = records[from] as Buffer
    let size = first.length
    let to = from + 1
    for (; to < records.length; to++) {
      const { buffer, byteOffset, length } = records[to] as Buffer
      if (buffer !== first.buffer || byteOffset !== first.byteOffset + size) break
      size += length
    }
    spans.push(to === from + 1 ? first : Buffer.from(first.buffer, first.byteOffset, size))
    from = to
  }
  return spans
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
  queue: ConsumeQueue,
  query: GetMessageQuery,
  units: Buffer,
  from: { readonly windowStart: number; readonly done: number },
  count: number,
  size: number,
): Chosen {
  const wanted: WantedRecord[] = []
  let removed = false
  const total = { count, size }
  for (let i = from.done; i < units.length / UNIT_SIZE; i++) {
    const at = i * UNIT_SIZE
    const physicalOffset = unitPhysicalOffset(units, at)
    const recordSize = unitSize(units, at)
    // A damaged entry must not stop the queue: what it says was never in the log.
    if (!isFiller(units, at) && !isPossible(context, physicalOffset, recordSize)) {
      context.notFound(queue, physicalOffset, recordSize)
      removed = true
      continue
    }
    if (!isFiller(units, at) && physicalOffset + recordSize > context.readable)
      return { wanted, end: i, full: true, removed }
    if (isFull(context, query, total, physicalOffset, recordSize))
      return { wanted, end: i, full: true, removed }
    if (isFiller(units, at) || physicalOffset < context.minPhysicalOffset) {
      removed = true
      continue
    }
    if (query.matchesEntry !== undefined && !query.matchesEntry(unitTagsCode(units, at))) continue
    wanted.push({ queueOffset: from.windowStart + i, physicalOffset, size: recordSize })
    total.count++
    total.size += recordSize
  }
  return { wanted, end: units.length / UNIT_SIZE, full: false, removed }
}

function isPossible({ config, placed }: ReadContext, physicalOffset: number, size: number): boolean {
  return physicalOffset + size <= placed && fitsInFile(physicalOffset, size, config.mappedFileSizeCommitLog)
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
    spans: [],
    release: NOTHING,
    size: 0,
    suggestPullingFromSlave: false,
  }
}
