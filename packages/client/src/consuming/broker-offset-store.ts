import type { Log } from '@rockhopper/env'
import { MqError } from '@rockhopper/message'
import type { MessageQueue } from '@rockhopper/remoting'
import { queueKey } from './allocation.js'
import type { OffsetStore } from './offset-store.js'

export interface BrokerOffsets {
  query(queue: MessageQueue): Promise<number | undefined>
  commit(queue: MessageQueue, queueOffset: number): Promise<void>
}

interface Entry {
  queueOffset: number
  /** What the broker confirmed last. */
  kept: number | undefined
  /** Set by a seek or a reset: neither a lower nor a higher offset will do. */
  sought: boolean
}

/**
 * Offsets of a clustering group, kept by the broker of each queue (Apache: RemoteBrokerOffsetStore).
 * Commits wait for the broker's answer, so that a shutdown ends only after they arrived.
 */
export class BrokerOffsetStore implements OffsetStore {
  readonly #brokers: BrokerOffsets
  readonly #log: Log
  readonly #entries = new Map<string, Entry>()

  constructor(brokers: BrokerOffsets, log: Log) {
    this.#brokers = brokers
    this.#log = log
  }

  /** What was sought and could not be kept counts more than what the broker has. */
  async load(queue: MessageQueue): Promise<number | undefined> {
    const entry = this.#entries.get(queueKey(queue))
    return entry !== undefined && isUnkept(entry) ? entry.queueOffset : this.#brokers.query(queue)
  }

  current(queue: MessageQueue): number | undefined {
    return this.#entries.get(queueKey(queue))?.queueOffset
  }

  update(queue: MessageQueue, queueOffset: number, backwards = false): void {
    const entry = this.#entries.get(queueKey(queue))
    if (entry === undefined)
      this.#entries.set(queueKey(queue), { queueOffset, kept: undefined, sought: backwards })
    else if (backwards || queueOffset > entry.queueOffset) {
      entry.queueOffset = queueOffset
      entry.sought = backwards
    }
  }

  async persist(queues: readonly MessageQueue[]): Promise<void> {
    await Promise.all(queues.map((queue) => this.#persist(queue)))
  }

  /**
   * A pull that was under way carries an older offset, and a broker may store it behind our commit: it serves
   * pulls and commits apart. So it is asked what it has.
   */
  async settle(queue: MessageQueue): Promise<void> {
    const entry = this.#entries.get(queueKey(queue))
    if (entry === undefined) return
    await this.#persist(queue)
    const kept = await this.#ask(queue)
    if (kept === undefined || kept === entry.queueOffset) return
    if (kept > entry.queueOffset && !entry.sought) return
    entry.kept = kept
    await this.#persist(queue)
  }

  remove(queue: MessageQueue): void {
    const key = queueKey(queue)
    const entry = this.#entries.get(key)
    if (entry !== undefined && !isUnkept(entry)) this.#entries.delete(key)
  }

  async #ask(queue: MessageQueue): Promise<number | undefined> {
    try {
      return await this.#brokers.query(queue)
    } catch (error) {
      if (!(error instanceof MqError)) throw error
      this.#log.warn('client.offset.unknown', { ...queue, error })
      return undefined
    }
  }

  async #persist(queue: MessageQueue): Promise<void> {
    const entry = this.#entries.get(queueKey(queue))
    if (entry === undefined || entry.queueOffset === entry.kept) return
    const { queueOffset } = entry
    try {
      await this.#brokers.commit(queue, queueOffset)
      entry.kept = queueOffset
    } catch (error) {
      if (!(error instanceof MqError)) throw error
      this.#log.warn('client.offset.notKept', { ...queue, queueOffset, error })
    }
  }
}

const isUnkept = ({ sought, kept, queueOffset }: Entry): boolean => sought && kept !== queueOffset
