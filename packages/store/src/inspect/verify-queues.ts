import {
  RECORD_OVERHEAD,
  recordPhysicalOffset,
  recordQueueId,
  recordQueueOffset,
  recordTotalSize,
  SystemTopic,
} from '@rockhopper/message'
import type { ConsumeQueue } from '../consume-queue.js'
import { isFiller, UNIT_SIZE, unitPhysicalOffset, unitSize, unitTagsCode } from '../consume-queue-unit.js'
import { isQueued, recordTagsCode } from '../dispatch.js'
import { readFully } from '../full-write.js'
import type { ScannedProperties } from '../property-scan.js'
import type { ScannedRecord } from '../record-scan.js'
import type { Findings } from './finding.js'
import type { StoreDirectory } from './store-directory.js'

const WINDOW_UNITS = 512
/** Entries looked at before the loop gets a turn. */
const SLICE_UNITS = 20_000

/** What the walk knows of one queue. */
interface QueueCheck {
  readonly queue: ConsumeQueue
  /** Entries that agree with a record. */
  matched: number
  windowFrom: number
  window: Buffer
}

/** Compares queue entries with the records of the log in log order, then seeks entries without a record. */
export class QueueVerifier {
  readonly #directory: StoreDirectory
  readonly #findings: Findings
  readonly #delayLevels: readonly number[]
  readonly #checks = new Map<string, QueueCheck | undefined>()
  /** Records of a queue that has no files, by `topic/queueId`. */
  readonly #unqueued = new Map<string, number>()
  /** Records behind the end of their queue. */
  readonly #behind = new Map<QueueCheck, number>()
  readonly #head = Buffer.alloc(RECORD_OVERHEAD)

  constructor(directory: StoreDirectory, findings: Findings, delayLevels: readonly number[]) {
    this.#directory = directory
    this.#findings = findings
    this.#delayLevels = delayLevels
  }

  record(bytes: Buffer, record: ScannedRecord, properties: ScannedProperties): void {
    if (!isQueued(record.sysFlag)) return
    const topic = bytes.toString('utf8', record.topicAt, record.topicAt + record.topicSize)
    const name = `${topic}/${record.queueId}`
    const check = this.#check(name, topic, record.queueId)
    if (check === undefined) {
      this.#unqueued.set(name, (this.#unqueued.get(name) ?? 0) + 1)
      return
    }
    if (record.queueOffset < check.queue.minOffset) return
    if (record.queueOffset >= check.queue.maxOffset) {
      this.#behind.set(check, (this.#behind.get(check) ?? 0) + 1)
      return
    }
    this.#compare(check, bytes, record, properties)
  }

  /** After the last record. `end` is where the log ends. */
  async finish(end: number): Promise<void> {
    const known = this.#directory.checkpoint.times.confirmPhyOffset
    for (const [name, count] of this.#unqueued) {
      this.#findings.add(
        'QUEUE_OF_DELETED_TOPIC',
        `consumequeue/${name}`,
        `no queue files for ${count} records`,
      )
    }
    for (const [{ queue }, count] of this.#behind) {
      const place = `consumequeue/${queue.topic}/${queue.queueId}, queue offset ${queue.maxOffset}`
      const lost = this.#directory.files.abortText === undefined && queue.lastPhysicalEnd < known
      this.#findings.add(
        lost ? 'QUEUE_ENTRY_MISSING' : 'QUEUE_BEHIND',
        place,
        `${count} records have no entry yet`,
      )
    }
    for (const queue of this.#directory.queues) {
      const check = this.#check(`${queue.topic}/${queue.queueId}`, queue.topic, queue.queueId)
      if (check !== undefined && check.matched < queue.maxOffset - queue.minOffset)
        await this.#dangling(check, end)
    }
  }

  #check(name: string, topic: string, queueId: number): QueueCheck | undefined {
    if (this.#checks.has(name)) return this.#checks.get(name)
    const queue = this.#directory.queues.get(topic, queueId)
    const found = queue === undefined || queue.isEmpty ? undefined : queue
    const check = found && { queue: found, matched: 0, windowFrom: 0, window: Buffer.alloc(0) }
    this.#checks.set(name, check)
    return check
  }

  #compare(check: QueueCheck, bytes: Buffer, record: ScannedRecord, properties: ScannedProperties): void {
    const { queue } = check
    const { queueOffset, physicalOffset, size, storeTimestamp } = record
    const at = this.#unitAt(check, queueOffset)
    const place = placeOf(queue, queueOffset)
    if (at === undefined || isFiller(check.window, at)) {
      this.#findings.add('QUEUE_ENTRY_MISSING', place, `no entry for the record at ${physicalOffset}`)
      return
    }
    const found = unitPhysicalOffset(check.window, at)
    const foundSize = unitSize(check.window, at)
    const tagsCode = unitTagsCode(check.window, at)
    // Of a topic that was deleted and made again, older records have the same queue offsets.
    if (found > physicalOffset && this.#isOlder(check, record)) return
    if (found !== physicalOffset || foundSize !== size) {
      const what = `says ${foundSize} bytes at ${found}, the record has ${size} at ${physicalOffset}`
      this.#findings.add('QUEUE_ENTRY_WRONG', place, what)
      check.matched++
      return
    }
    check.matched++
    const wanted = recordTagsCode(queue.topic, bytes, storeTimestamp, properties, this.#delayLevels)
    if (tagsCode === wanted) return
    const code = queue.topic === SystemTopic.SCHEDULE ? 'QUEUE_DUE_TIME' : 'QUEUE_ENTRY_WRONG'
    this.#findings.add(code, place, `its tags code is ${tagsCode}, that of the record is ${wanted}`)
  }

  /** The queue's first entry points behind the record: it belongs to an earlier life of the topic. */
  #isOlder(check: QueueCheck, record: ScannedRecord): boolean {
    const first = this.#unitAt(check, check.queue.minOffset)
    return first !== undefined && unitPhysicalOffset(check.window, first) > record.physicalOffset
  }

  /** Where the unit lies in the check's window, which is read anew when it does not hold it. */
  #unitAt(check: QueueCheck, queueOffset: number): number | undefined {
    const at = (queueOffset - check.windowFrom) * UNIT_SIZE
    if (at >= 0 && at < check.window.length) return at
    check.windowFrom = queueOffset
    check.window = check.queue.read(queueOffset, WINDOW_UNITS) ?? Buffer.alloc(0)
    return check.window.length === 0 ? undefined : 0
  }

  /** Some entries of this queue met no record: says which. */
  async #dangling(check: QueueCheck, end: number): Promise<void> {
    const { queue } = check
    const { segments, env } = this.#directory
    for (let offset = queue.minOffset; offset < queue.maxOffset; offset++) {
      if ((offset - queue.minOffset) % SLICE_UNITS === SLICE_UNITS - 1) {
        await new Promise<void>((resolve) => env.clock.endOfTurn(resolve))
      }
      const at = this.#unitAt(check, offset)
      if (at === undefined) {
        this.#findings.add('QUEUE_UNREADABLE', placeOf(queue, offset), 'the file with this entry is missing')
        offset = queue.nextFile(offset) - 1
        continue
      }
      if (isFiller(check.window, at)) continue
      const from = unitPhysicalOffset(check.window, at)
      const size = unitSize(check.window, at)
      if (from < segments.first || from + size > end) {
        const what = `points at ${from}, the log has records from ${segments.first} to ${end}`
        this.#findings.add('QUEUE_ENTRY_DANGLING', placeOf(queue, offset), what)
      } else if (!this.#isRecordOf(queue, offset, from, size)) {
        const what = `no record of this queue offset and ${size} bytes lies at ${from}`
        this.#findings.add('QUEUE_ENTRY_DANGLING', placeOf(queue, offset), what)
      }
    }
  }

  #isRecordOf({ queueId }: ConsumeQueue, queueOffset: number, physicalOffset: number, size: number): boolean {
    const { segments } = this.#directory
    const file = segments.readable(physicalOffset)
    const position = physicalOffset % segments.segmentSize
    if (file === undefined || readFully(file, this.#head, 0, RECORD_OVERHEAD, position) < RECORD_OVERHEAD)
      return false
    return (
      recordTotalSize(this.#head, 0) === size &&
      recordPhysicalOffset(this.#head, 0) === physicalOffset &&
      recordQueueOffset(this.#head, 0) === queueOffset &&
      recordQueueId(this.#head, 0) === queueId
    )
  }
}

function placeOf(queue: ConsumeQueue, queueOffset: number): string {
  return `consumequeue/${queue.topic}/${queue.queueId}, queue offset ${queueOffset}`
}
