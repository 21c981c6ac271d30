import type { Cancel } from '@rockhopper/env'
import { decodeRecord, Property, SystemTopic } from '@rockhopper/message'
import { settle, type WriterParts } from '../message-writer.js'
import type { BrokerParts } from '../parts.js'
import { HALF_QUEUE, OP_TAG, opDraft } from './half-message.js'

export type OpParts = WriterParts & Pick<BrokerParts, 'clock' | 'log' | 'nextUniqueId' | 'storeHost'>

const SEPARATOR = ','
/** Op messages read at once when a broker starts. */
const READ_COUNT = 32
/** Pause after the store refused one. */
const RETRY_MS = 1_000

interface OpMessage {
  readonly queueOffset: number
  /** Largest half offset in it. */
  readonly last: number
}

/**
 * The topic of op messages: which half messages are decided, written in batches (Apache:
 * TransactionalOpBatchService). A crash loses at most one batch; those half messages are asked about again.
 */
export class OpQueue {
  readonly #parts: OpParts
  readonly #written: OpMessage[] = []
  #waiting: number[] = []
  #waitingSize = 0
  #cancel: Cancel | undefined
  #writing: Promise<void> | undefined
  #stopped = false

  constructor(parts: OpParts) {
    this.#parts = parts
  }

  /** Reads what was decided from `from` on. */
  async load(from: number, decided: (halfOffset: number) => void): Promise<void> {
    const { store } = this.#parts
    const topic = SystemTopic.TRANS_OP_HALF
    let at = Math.max(from, store.minOffset(topic, HALF_QUEUE))
    while (at < store.maxOffset(topic, HALF_QUEUE)) {
      const entries = await store.queueEntries(topic, HALF_QUEUE, at, READ_COUNT)
      if (entries.length === 0) return
      for (const { queueOffset, physicalOffset } of entries) {
        const record = await store.lookMessageByOffset(physicalOffset)
        const decoded = record && decodeRecord(record, 0)
        const offsets =
          decoded?.ok && decoded.value.properties[Property.TAGS] === OP_TAG
            ? parseOffsets(decoded.value.body.toString())
            : []
        for (const offset of offsets) decided(offset)
        this.#written.push({ queueOffset, last: offsets.reduce((a, b) => Math.max(a, b), -1) })
        at = queueOffset + 1
      }
    }
  }

  note(halfOffset: number): void {
    this.#waiting.push(halfOffset)
    this.#waitingSize += String(halfOffset).length + SEPARATOR.length
    if (this.#waitingSize >= this.#parts.config.transactionOpMsgMaxSize) this.#flushSoon(0)
    else this.#flushSoon(this.#parts.config.transactionOpBatchInterval)
  }

  /**
   * Op messages with nothing at or above `halfProgress` are read no more. Returns the next one, undefined
   * when nothing is known.
   */
  passed(halfProgress: number): number | undefined {
    let next: number | undefined
    while (this.#written[0] !== undefined && this.#written[0].last < halfProgress) {
      next = this.#written[0].queueOffset + 1
      this.#written.shift()
    }
    return next
  }

  /** Writes what waits. What the store refuses is lost with this process, and asked about again. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#cancel?.()
    await this.#writing
    await this.#writeAll()
  }

  #flushSoon(delayMs: number): void {
    if (this.#stopped || this.#writing !== undefined) return
    if (delayMs > 0 && this.#cancel !== undefined) return
    this.#cancel?.()
    this.#cancel = this.#parts.clock.after(delayMs, () => {
      this.#cancel = undefined
      this.#writing = this.#writeAll().then((isWritten) => {
        this.#writing = undefined
        if (!isWritten) this.#flushSoon(RETRY_MS)
        else if (this.#waiting.length > 0) this.#flushSoon(this.#parts.config.transactionOpBatchInterval)
      })
    })
  }

  async #writeAll(): Promise<boolean> {
    while (this.#waiting.length > 0) {
      const batch = this.#take()
      if (await this.#write(batch)) continue
      this.#waiting = [...batch, ...this.#waiting]
      return false
    }
    this.#waitingSize = 0
    return true
  }

  #take(): number[] {
    const sizeMax = this.#parts.config.transactionOpMsgMaxSize
    let count = 0
    for (let size = 0; count < this.#waiting.length && size < sizeMax; count++) {
      size += String(this.#waiting[count]).length + SEPARATOR.length
    }
    const batch = this.#waiting.slice(0, count)
    this.#waiting = this.#waiting.slice(count)
    return batch
  }

  async #write(batch: readonly number[]): Promise<boolean> {
    const { clock, config, log, nextUniqueId, store, storeHost } = this.#parts
    if (config.brokerRole === 'SLAVE') return false
    const body = batch.map((offset) => offset + SEPARATOR).join('')
    // Not through the write gate: it is closed first when a broker stops, and these are older decisions.
    const placed = store.place(opDraft(body, nextUniqueId(), storeHost, clock.now()))
    const written = await settle(this.#parts, placed, 'written', 1)
    if (!('placed' in written)) {
      log.warn('TRANSACTION_OP_REFUSED', { code: written.code, remark: written.remark })
      return false
    }
    this.#written.push({
      queueOffset: written.placed.queueOffset,
      last: batch.reduce((a, b) => Math.max(a, b), -1),
    })
    return true
  }
}

/** Old brokers write one number without a comma. What is no number is passed over. */
function parseOffsets(body: string): number[] {
  return body
    .split(SEPARATOR)
    .filter((text) => /^\d{1,15}$/.test(text))
    .map(Number)
}
