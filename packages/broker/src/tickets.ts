import type { Cancel, Clock } from '@rockhopper/env'
import type { AdvanceEvent, MessageStore, PutStatus } from '@rockhopper/store'
import { overdueRemark } from './send-outcome.js'

/** Placed records that wait for their watermark; past it a send is refused with 2. */
export const TICKETS_MAX = 65_536

export type Needs = 'written' | 'synced'

export type Outcome =
  | { readonly status: 'PUT_OK' | 'FLUSH_DISK_TIMEOUT' }
  | { readonly status: Exclude<PutStatus, 'PUT_OK' | 'FLUSH_DISK_TIMEOUT'>; readonly remark: string }

export interface Ticket {
  /** Physical offset behind the record: the watermark has to reach it. */
  readonly end: number
  /** Runs once. After FLUSH_DISK_TIMEOUT it is not told of the sync that comes later. */
  readonly settle: (outcome: Outcome) => void
}

/**
 * Sends between `place` and their reply. A ticket is settled by a watermark passing its end, so that a reply
 * exists only because the durable operation happened. Records are placed in log order, hence two queues in
 * order.
 */
export class Tickets {
  readonly #clock: Clock
  readonly #written = new TicketQueue()
  readonly #synced = new TicketQueue()
  readonly #syncTimeoutMs: number
  #cancelTimeout: Cancel | undefined
  #idle: (() => void)[] = []

  constructor(clock: Clock, syncTimeoutMs: number) {
    this.#clock = clock
    this.#syncTimeoutMs = syncTimeoutMs
  }

  /** Listens to the store's watermarks; returns what ends that. */
  follow(store: MessageStore): () => void {
    return store.onAdvance((event) => this.#advanced(event))
  }

  get full(): boolean {
    return this.#written.size + this.#synced.size >= TICKETS_MAX
  }

  get outstanding(): number {
    return this.#written.size + this.#synced.size
  }

  add(ticket: Ticket, needs: Needs): void {
    if (needs === 'written') {
      this.#written.push(ticket, 0)
      return
    }
    this.#synced.push(ticket, this.#clock.monotonic() + this.#syncTimeoutMs)
    this.#cancelTimeout ??= this.#clock.after(this.#syncTimeoutMs, () => this.#timedOut())
  }

  wait(end: number, needs: Needs): Promise<Outcome> {
    return new Promise((settle) => this.add({ end, settle }, needs))
  }

  /** Resolves when no ticket is outstanding. */
  drained(): Promise<void> {
    if (this.outstanding === 0) return Promise.resolve()
    return new Promise((resolve) => this.#idle.push(resolve))
  }

  #advanced(event: AdvanceEvent): void {
    if (event.lost !== undefined) {
      const { status, remark } = event.lost
      const busy = status === 'OS_PAGE_CACHE_BUSY'
      const outcome: Outcome = { status, remark: busy ? overdueRemark(remark, this.outstanding) : remark }
      this.#written.settleBehind(event.lost.from, outcome)
      this.#synced.settleBehind(event.lost.from, outcome)
    }
    this.#written.settleTo(event.written, { status: 'PUT_OK' })
    this.#synced.settleTo(event.synced, { status: 'PUT_OK' })
    this.#settled()
  }

  /** Slow disk: the send is stored, and the client is told that its sync is not confirmed yet (code 10). */
  #timedOut(): void {
    this.#synced.settleBefore(this.#clock.monotonic(), { status: 'FLUSH_DISK_TIMEOUT' })
    const next = this.#synced.firstDeadline
    this.#cancelTimeout =
      next === undefined
        ? undefined
        : this.#clock.after(Math.max(1, next - this.#clock.monotonic()), () => this.#timedOut())
    this.#settled()
  }

  #settled(): void {
    if (this.outstanding > 0) return
    this.#cancelTimeout?.()
    this.#cancelTimeout = undefined
    for (const resolve of this.#idle.splice(0)) resolve()
  }
}

/** A ring that doubles: tickets leave at the front while others come at the back. */
class TicketQueue {
  #ring: (Ticket | undefined)[] = new Array(1024)
  #deadlines: number[] = new Array(1024).fill(0)
  #head = 0
  size = 0

  get firstDeadline(): number | undefined {
    return this.size === 0 ? undefined : this.#deadlines[this.#head]
  }

  push(ticket: Ticket, deadline: number): void {
    if (this.size === this.#ring.length) this.#grow()
    const at = (this.#head + this.size) & (this.#ring.length - 1)
    this.#ring[at] = ticket
    this.#deadlines[at] = deadline
    this.size++
  }

  settleTo(watermark: number, outcome: Outcome): void {
    while (this.size > 0 && (this.#ring[this.#head] as Ticket).end <= watermark) this.#shift().settle(outcome)
  }

  settleBefore(now: number, outcome: Outcome): void {
    while (this.size > 0 && (this.#deadlines[this.#head] as number) <= now) this.#shift().settle(outcome)
  }

  /** Tickets whose records lie behind `from`: always the last ones. Settled from the first on. */
  settleBehind(from: number, outcome: Outcome): void {
    const lost: Ticket[] = []
    while (this.size > 0) {
      const at = (this.#head + this.size - 1) & (this.#ring.length - 1)
      const ticket = this.#ring[at] as Ticket
      if (ticket.end <= from) break
      this.#ring[at] = undefined
      this.size--
      lost.push(ticket)
    }
    for (const ticket of lost.reverse()) ticket.settle(outcome)
  }

  #shift(): Ticket {
    const ticket = this.#ring[this.#head] as Ticket
    this.#ring[this.#head] = undefined
    this.#head = (this.#head + 1) & (this.#ring.length - 1)
    this.size--
    return ticket
  }

  #grow(): void {
    const { length } = this.#ring
    const order = Array.from({ length }, (_, index) => (this.#head + index) & (length - 1))
    this.#deadlines = [...order.map((at) => this.#deadlines[at] as number), ...new Array(length).fill(0)]
    this.#ring = [...order.map((at) => this.#ring[at]), ...new Array(length)]
    this.#head = 0
  }
}
