import type { Cancel, Clock, Disk, Host, Log } from '@rockhopper/env'
import { javaHashCode } from '@rockhopper/message'
import { loadDataFiles, undamaged } from './data-files.js'
import type { Descriptors } from './descriptors.js'
import { diskErrorCode } from './full-write.js'
import { IndexFile, type IndexSizes, indexFileSize } from './index-file.js'
import type { ScannedProperties } from './property-scan.js'
import type { ScannedRecord } from './record-scan.js'
import { syncFile, takeEach } from './unsynced.js'

const WRITE_INTERVAL_MS = 1_000
/** Entries that wait for the interval; more are written at once, without the slots. */
const WRITE_AT_SIZE = 64 * 1024
const CHAIN_LENGTH_MAX = 1_000_000
const SPACE = 0x20
const HASH_SIGN = 0x23
/** What stands between topic and tag (MessageConst.INDEX_TAG_TYPE). */
const TAG_TYPE = 'T#'

export interface MessageIndexOptions {
  readonly disk: Disk
  readonly clock: Clock
  readonly host: Host
  readonly log: Log
  readonly descriptors: Descriptors
  readonly directory: string
  readonly sizes: IndexSizes
  /** A write failed in a way that waiting does not cure. */
  onFailed(error: unknown): void
}

/**
 * Finds records by UNIQ_KEY and KEYS (IndexService). Dispatch calls `add` for every record in log order; a
 * record that is in already is passed over, so doing it again in recovery is harmless.
 */
export class MessageIndex {
  readonly #options: MessageIndexOptions
  /** Oldest first; the last one is written to. */
  #files: IndexFile[] = []
  readonly #unsynced = new Set<string>()
  readonly #unsyncedDirectories = new Set<string>()
  #lastPhysicalOffset = -1
  #lastStoreTimestamp = 0
  /** The disk did not take the last write: the next one comes after the interval. */
  #refused = false
  #cancelWrite: Cancel | undefined
  #closed = false
  #damaged = false

  constructor(options: MessageIndexOptions) {
    this.#options = options
  }

  /** A file has not the size that is known: all are to be made again. */
  get isDamaged(): boolean {
    return this.#damaged
  }

  /** Throws MqError STORE_FILE_SIZE for a file of another size, unless `sizeIsKnown`: then it is damaged. */
  load(aborted: boolean, sizeIsKnown: boolean): void {
    const { disk, directory, sizes, descriptors } = this.#options
    const isIndexFile = (name: string) => /^\d{17}$/.test(name)
    const names = undamaged(sizeIsKnown, () =>
      loadDataFiles(disk, directory, isIndexFile, indexFileSize(sizes), aborted),
    )
    this.#damaged = names === undefined
    for (const name of names ?? []) {
      const file = new IndexFile(disk, descriptors, `${directory}/${name}`, sizes)
      file.load()
      this.#files.push(file)
    }
    this.#findLast()
  }

  /** Name, number of entries and physical offset of the last record of each file, oldest first. */
  get fileRows(): [name: string, entryCount: number, endPhysicalOffset: number][] {
    return this.#files.map(({ path, entryCount, endPhysicalOffset }) => {
      return [path.slice(path.lastIndexOf('/') + 1), entryCount, endPhysicalOffset]
    })
  }

  /** Forgets all records and removes all files. Throws what the disk throws. */
  removeAll(): void {
    for (const { path } of this.#files) this.#options.descriptors.retire(path)
    this.#options.disk.removeTree(this.#options.directory)
    this.#files = []
    this.#damaged = false
    this.#unsynced.clear()
    this.#findLast()
  }

  /**
   * Forgets all records from `physicalOffset` on; with `repair` (after a crash) also what the last write
   * left half done. Throws what the disk throws.
   */
  cut(physicalOffset: number, repair: boolean): void {
    const { descriptors, disk } = this.#options
    this.#writeAll()
    if (!repair && this.#lastPhysicalOffset < physicalOffset) return
    for (let last = this.#files.at(-1); last !== undefined; last = this.#files.at(-1)) {
      if (last.cut(physicalOffset)) {
        this.#unsynced.add(last.path)
        break
      }
      this.#files.pop()
      this.#unsynced.delete(last.path)
      descriptors.retire(last.path)
      disk.remove(last.path)
    }
    this.#findLast()
  }

  add(bytes: Buffer, record: ScannedRecord, properties: ScannedProperties): void {
    const { physicalOffset, storeTimestamp } = record
    if (physicalOffset <= this.#lastPhysicalOffset) return
    if (properties.uniqKeyFrom < 0 && properties.keysFrom < 0 && properties.tagsFrom < 0) return
    this.#lastPhysicalOffset = physicalOffset
    this.#lastStoreTimestamp = storeTimestamp
    eachKeyHash(bytes, record, properties, this.#addHash)
    this.#armWrite()
    const pendingSize = this.#files.at(-1)?.pendingSize ?? 0
    if (pendingSize >= WRITE_AT_SIZE && !this.#refused)
      this.#tryWrite(() => this.#files.at(-1)?.writeEntries())
  }

  /** One function for all records. */
  readonly #addHash = (hash: number): void =>
    this.#writable().add(hash, this.#lastPhysicalOffset, this.#lastStoreTimestamp)

  /**
   * Physical offsets of records that may have this key, newest first: hashes collide, so the caller compares
   * topic and key. `begin` and `end` are ms since 1970; entries know their time to the second
   * (IndexService#queryOffset).
   */
  query(topic: string, key: string, countMax: number, begin: number, end: number): number[] {
    const hash = positive(javaHashCode(`${topic}#${key}`))
    const found: number[] = []
    for (const file of [...this.#files].reverse()) {
      let number = file.entryCount > 0 ? file.latest(hash) : 0
      for (let steps = 0; number > 0 && steps < CHAIN_LENGTH_MAX && found.length < countMax; steps++) {
        const entry = file.entry(number)
        if (entry === undefined || entry.storeTimestamp + 1_000 < begin) break
        if (entry.hash === hash && entry.storeTimestamp <= end) found.push(entry.physicalOffset)
        if (entry.previous >= number) break
        number = entry.previous
      }
      if (found.length >= countMax || file.beginTimestamp < begin) break
    }
    return found
  }

  /**
   * Removes the files whose last record lies before `firstPhysicalOffset`, from the oldest on, never the last
   * one; returns how many (IndexService#deleteExpiredFile). Throws DiskError.
   */
  removeExpired(firstPhysicalOffset: number): number {
    const { descriptors, disk } = this.#options
    let removed = 0
    for (
      let oldest = this.#files[0];
      this.#files.length > 1 && oldest !== undefined;
      oldest = this.#files[0]
    ) {
      if (oldest.endPhysicalOffset >= firstPhysicalOffset) break
      descriptors.retire(oldest.path)
      disk.remove(oldest.path)
      this.#unsynced.delete(oldest.path)
      this.#files.shift()
      removed++
    }
    return removed
  }

  /** Writes and syncs; then every record added before the call is found after a crash. */
  async flush(): Promise<void> {
    const { disk, descriptors } = this.#options
    this.#writeAll()
    await takeEach(this.#unsyncedDirectories, (path) => disk.syncDirectory(path))
    await takeEach(this.#unsynced, (path) => syncFile(descriptors, path))
  }

  close(): void {
    this.#closed = true
    this.#cancelWrite?.()
    this.#cancelWrite = undefined
  }

  #findLast(): void {
    const last = this.#files.at(-1)
    const started = last !== undefined && (last.entryCount > 0 || last.endPhysicalOffset > 0)
    this.#lastPhysicalOffset = started ? last.endPhysicalOffset : -1
  }

  #writable(): IndexFile {
    const last = this.#files.at(-1)
    if (last !== undefined && !last.isFull) return last
    const { disk, descriptors, directory, sizes } = this.#options
    const next = new IndexFile(disk, descriptors, `${directory}/${this.#nextName()}`, sizes)
    this.#files.push(next)
    const parent = directory.slice(0, directory.lastIndexOf('/'))
    for (const path of [directory, parent]) this.#unsyncedDirectories.add(path)
    if (last !== undefined) next.continueFrom(last)
    return next
  }

  #armWrite(): void {
    if (this.#closed || this.#cancelWrite !== undefined) return
    this.#cancelWrite = this.#options.clock.after(WRITE_INTERVAL_MS, () => {
      this.#cancelWrite = undefined
      this.#tryWrite(() => this.#writeAll())
    })
  }

  #tryWrite(write: () => void): void {
    this.#refused = false
    try {
      write()
    } catch (error) {
      const code = diskErrorCode(error)
      if (code === undefined || code === 'EIO') return this.#options.onFailed(error)
      this.#refused = true
      this.#options.log.warn('index-write', { code })
      this.#armWrite()
    }
  }

  #writeAll(): void {
    for (const file of this.#files) {
      if (!file.unwritten) continue
      file.write()
      this.#unsynced.add(file.path)
      if (file.isFull) file.seal()
    }
  }

  /** Creation time as Apache writes it, yyyyMMddHHmmssSSS in local time; always behind the last name. */
  #nextName(): string {
    const { clock, host } = this.#options
    const time = clock.now()
    const name = localTimeName(time - host.timezoneOffsetMinutes(time) * 60_000)
    const last = this.#files.at(-1)?.path.slice(-17) ?? ''
    return name > last ? name : String(BigInt(last) + 1n).padStart(17, '0')
  }
}

/**
 * The hash of each key a record is found by, in the order of its entries: UNIQ_KEY, each of KEYS, then TAGS
 * as `topic#T#tag` (IndexService#buildIndex since 5.4.0; earlier ones have no entry for a tag).
 */
export function eachKeyHash(
  bytes: Buffer,
  { topicAt, topicSize }: ScannedRecord,
  { uniqKeyFrom, uniqKeyTo, keysFrom, keysTo, tagsFrom, tagsTo }: ScannedProperties,
  take: (hash: number, isTag: boolean) => void,
): void {
  const topicEnd = topicAt + topicSize
  if (uniqKeyFrom >= 0) take(keyHash(bytes, topicAt, topicEnd, uniqKeyFrom, uniqKeyTo), false)
  for (let from = keysFrom; from >= 0 && from < keysTo; ) {
    let to = from
    while (to < keysTo && bytes[to] !== SPACE) to++
    if (to > from) take(keyHash(bytes, topicAt, topicEnd, from, to), false)
    from = to + 1
  }
  if (tagsFrom >= 0) take(keyHash(bytes, topicAt, topicEnd, tagsFrom, tagsTo, TAG_TYPE), true)
}

/** Hash of `topic#key`, or of `topic#T#tag`, from bytes (IndexFile#indexKeyHashMethod). */
function keyHash(
  bytes: Buffer,
  topicFrom: number,
  topicTo: number,
  from: number,
  to: number,
  type: '' | typeof TAG_TYPE = '',
): number {
  let hash = 0
  for (let i = topicFrom; i < topicTo; i++) hash = (Math.imul(31, hash) + (bytes[i] as number)) | 0
  hash = (Math.imul(31, hash) + HASH_SIGN) | 0
  for (let i = 0; i < type.length; i++) hash = (Math.imul(31, hash) + type.charCodeAt(i)) | 0
  for (let i = from; i < to; i++) {
    const byte = bytes[i] as number
    if (byte > 0x7f) {
      return positive(
        javaHashCode(
          `${bytes.toString('utf8', topicFrom, topicTo)}#${type}${bytes.toString('utf8', from, to)}`,
        ),
      )
    }
    hash = (Math.imul(31, hash) + byte) | 0
  }
  return positive(hash)
}

function positive(hash: number): number {
  return hash === -0x8000_0000 ? 0 : Math.abs(hash)
}

/** yyyyMMddHHmmssSSS of a time that already has the zone's offset in it. */
function localTimeName(localMs: number): string {
  return new Date(localMs).toISOString().replace(/\D/g, '')
}
