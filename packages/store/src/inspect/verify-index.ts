import type { IndexEntry, IndexFile } from '../index-file.js'
import { eachKeyHash } from '../message-index.js'
import type { ScannedProperties } from '../property-scan.js'
import type { ScannedRecord } from '../record-scan.js'
import type { Findings } from './finding.js'
import type { StoreDirectory } from './store-directory.js'

/** Entries looked at before the loop gets a turn. */
const SLICE_ENTRIES = 50_000
const TRANSACTION_MASK = 0xc
const TRANSACTION_ROLLBACK = 0xc

/** Compares index entries with the keys of the records; both are in log order. */
export class IndexVerifier {
  readonly #directory: StoreDirectory
  readonly #findings: Findings
  #file = 0
  #number = 1
  /** The first record that an entry can speak of; older index files were removed. */
  readonly #first: number
  #behind = 0

  constructor(directory: StoreDirectory, findings: Findings) {
    this.#directory = directory
    this.#findings = findings
    this.#first =
      directory.index.find(({ entryCount }) => entryCount > 0)?.entry(1)?.physicalOffset ?? Infinity
  }

  record(bytes: Buffer, record: ScannedRecord, properties: ScannedProperties): void {
    const { physicalOffset, sysFlag } = record
    if (physicalOffset < this.#first || (sysFlag & TRANSACTION_MASK) === TRANSACTION_ROLLBACK) return
    eachKeyHash(bytes, record, properties, (hash, isTag) => {
      // Apache's brokers before 5.4.0 have no entries for tags.
      if (!isTag || this.#isAt(hash, physicalOffset)) this.#expect(hash, physicalOffset)
    })
  }

  /** After the last record. */
  async finish(): Promise<void> {
    for (let entry = this.#entry(); entry !== undefined; entry = this.#entry()) {
      this.#wrong(`points at ${entry.physicalOffset}, behind the end of the log`)
      this.#number++
    }
    const { index } = this.#directory
    const last = index.at(-1)
    if (this.#behind > 0 && last !== undefined) {
      const place = `${nameOf(last)}, entry ${last.entryCount + 1}`
      this.#findings.add('INDEX_BEHIND', place, `${this.#behind} keys have no entry yet`)
    }
    for (const file of index) await this.#chains(file)
  }

  #expect(hash: number, physicalOffset: number): void {
    for (let entry = this.#entry(); entry !== undefined; entry = this.#entry()) {
      if (entry.physicalOffset > physicalOffset) break
      // After a crash a broker indexes the last record again, of which one, some or all entries were written:
      // the same entry twice is harmless.
      this.#number++
      if (entry.physicalOffset < physicalOffset) {
        if (entry.physicalOffset !== this.#matched)
          this.#wrong(`points at ${entry.physicalOffset}, no keyed record`, 1)
        continue
      }
      if (this.#matched !== physicalOffset) this.#hashes.length = 0
      this.#matched = physicalOffset
      if (entry.hash === hash) {
        this.#hashes.push(hash)
        return
      }
      if (this.#hashes.includes(entry.hash)) continue
      this.#wrong(`has the hash ${entry.hash}, the record at ${physicalOffset} has a key of ${hash}`, 1)
      return
    }
    if (this.#entry() === undefined) this.#behind++
    else this.#missing(physicalOffset)
  }

  /** The record of the last entry that was there, and which of its keys had one. */
  #matched = -1
  readonly #hashes: number[] = []

  #isAt(hash: number, physicalOffset: number): boolean {
    const entry = this.#entry()
    return entry?.hash === hash && entry.physicalOffset === physicalOffset
  }

  /** The entry the walk is at; undefined behind the last one. */
  #entry(): IndexEntry | undefined {
    const { index } = this.#directory
    for (; this.#file < index.length; this.#file++, this.#number = 1) {
      const entry = (index[this.#file] as IndexFile).entry(this.#number)
      if (entry !== undefined) return entry
    }
    return undefined
  }

  #wrong(what: string, back = 0): void {
    this.#findings.add('INDEX_ENTRY_WRONG', this.#place(back), what)
  }

  #missing(physicalOffset: number): void {
    this.#findings.add(
      'INDEX_ENTRY_MISSING',
      this.#place(0),
      `no entry for a key of the record at ${physicalOffset}`,
    )
  }

  #place(back: number): string {
    const file = this.#directory.index[this.#file]
    return file === undefined ? 'index' : `${nameOf(file)}, entry ${this.#number - back}`
  }

  /** Every entry must be reached from its slot: the chain of each hash goes through all of its entries. */
  async #chains(file: IndexFile): Promise<void> {
    const { env, sizes } = this.#directory
    const latest = new Map<number, number>()
    let lastOffset = 0
    for (let number = 1; number <= file.entryCount; number++) {
      if (number % SLICE_ENTRIES === 0) await new Promise<void>((resolve) => env.clock.endOfTurn(resolve))
      const entry = file.entry(number)
      const place = `${nameOf(file)}, entry ${number}`
      if (entry === undefined || entry.hash < 0) {
        this.#findings.add('INDEX_ENTRY_WRONG', place, 'it cannot be read')
        continue
      }
      if (entry.physicalOffset < lastOffset) {
        this.#findings.add(
          'INDEX_ENTRY_WRONG',
          place,
          `points at ${entry.physicalOffset}, before the one before it`,
        )
      }
      lastOffset = entry.physicalOffset
      const slot = entry.hash % sizes.maxHashSlotNum
      const wanted = latest.get(slot) ?? 0
      if (entry.previous !== wanted) {
        const what = `goes on at entry ${entry.previous}, the one before it in slot ${slot} is ${wanted}`
        this.#findings.add('INDEX_CHAIN_BROKEN', place, what)
      }
      latest.set(slot, number)
    }
    for (const [slot, wanted] of latest) {
      const found = file.latest(slot)
      if (found === wanted) continue
      this.#findings.add(
        'INDEX_CHAIN_BROKEN',
        `${nameOf(file)}, slot ${slot}`,
        `says ${found}, its last entry is ${wanted}`,
      )
    }
    const last = file.entry(file.entryCount)
    if (last !== undefined && last.physicalOffset !== file.endPhysicalOffset) {
      const what = `endPhyOffset is ${file.endPhysicalOffset}, the last entry's is ${last.physicalOffset}`
      this.#findings.add('INDEX_HEADER_WRONG', nameOf(file), what)
    }
  }
}

function nameOf(file: IndexFile): string {
  return `index/${file.path.slice(file.path.lastIndexOf('/') + 1)}`
}
