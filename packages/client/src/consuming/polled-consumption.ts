import type { Clock, Log } from '@rockhopper/env'
import type { MessageQueue } from '@rockhopper/remoting'
import type { MessageView } from '../message-view.js'
import { queueKey } from './allocation.js'
import type { Consumption, ConsumptionParts } from './consumption.js'
import type { Held, ProcessQueue } from './process-queue.js'

interface Ready {
  readonly processQueue: ProcessQueue
  readonly held: Held
}

/**
 * What was pulled waits here until the application asks for it (Apache: DefaultLitePullConsumerImpl). The
 * process queues bound how much that is. What was handed out counts as consumed only after `finish`.
 */
export class PolledConsumption implements Consumption {
  readonly #clock: Clock
  readonly #log: Log
  readonly #paused = new Set<string>()
  #moveOffset: ConsumptionParts['moveOffset'] = () => {}
  #ready: Ready[] = []
  #handedOut: Ready[] = []
  /** Ends the waits of polls; several may run at once. */
  readonly #waiting = new Set<() => void>()

  constructor(clock: Clock, log: Log) {
    this.#clock = clock
    this.#log = log
  }

  /** Where offsets go; set once, before the first pull. */
  bind(moveOffset: ConsumptionParts['moveOffset']): void {
    this.#moveOffset = moveOffset
  }

  submit(processQueue: ProcessQueue, taken: readonly Held[]): void {
    for (const held of taken) {
      if (held.problem === undefined) this.#ready.push({ processQueue, held })
      else this.#skip(processQueue, held)
    }
    this.#wake()
  }

  /**
   * What the application holds is its own business: a queue need not wait for it. Nothing of the queue stays
   * here, or a consumer that is not polled would hold more with each rebalance.
   */
  quiet(processQueue: ProcessQueue): Promise<void> {
    const others = (ready: Ready) => ready.processQueue !== processQueue
    this.#ready = this.#ready.filter(others)
    this.#handedOut = this.#handedOut.filter(others)
    return Promise.resolve()
  }

  /** Messages pulled and not handed out, or handed out and not finished. */
  get count(): number {
    return this.#ready.length + this.#handedOut.length
  }

  /** 0 to `countMax` messages; waits for the first one at most `timeoutMs`, and not when a signal aborts. */
  async take(countMax: number, timeoutMs: number, signals: readonly AbortSignal[]): Promise<MessageView[]> {
    const until = this.#clock.monotonic() + timeoutMs
    for (;;) {
      const taken = this.#takeReady(countMax)
      const leftMs = until - this.#clock.monotonic()
      if (taken.length > 0 || leftMs <= 0 || signals.some(({ aborted }) => aborted)) return taken
      await this.#somethingNew(leftMs, signals)
    }
  }

  /** Everything handed out so far is consumed. */
  finish(): void {
    const done = new Map<ProcessQueue, Held[]>()
    for (const { processQueue, held } of this.#handedOut.splice(0)) {
      const ended = done.get(processQueue) ?? []
      ended.push(held)
      done.set(processQueue, ended)
    }
    for (const [processQueue, ended] of done) this.#finish(processQueue, ended)
  }

  /** A paused queue keeps what was pulled; nothing of it is handed out. */
  pause(queues: readonly MessageQueue[]): void {
    for (const queue of queues) this.#paused.add(queueKey(queue))
  }

  resume(queues: readonly MessageQueue[]): void {
    for (const queue of queues) this.#paused.delete(queueKey(queue))
    this.#wake()
  }

  /** Resolves when there may be messages, time is over or a signal aborts. Leaves no listener behind. */
  #somethingNew(timeoutMs: number, signals: readonly AbortSignal[]): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        cancel()
        this.#waiting.delete(end)
        for (const signal of signals) signal.removeEventListener('abort', end)
        resolve()
      }
      const cancel = this.#clock.after(timeoutMs, end)
      this.#waiting.add(end)
      for (const signal of signals) signal.addEventListener('abort', end)
    })
  }

  #wake(): void {
    for (const end of [...this.#waiting]) end()
  }

  #takeReady(countMax: number): MessageView[] {
    const taken: Ready[] = []
    const kept: Ready[] = []
    for (const [at, ready] of this.#ready.entries()) {
      if (taken.length === countMax) {
        kept.push(...this.#ready.slice(at))
        break
      }
      // What lies here of a queue that was lost or moved will be pulled again by whoever has it now.
      if (ready.processQueue.leaving) continue
      if (this.#paused.has(queueKey(ready.processQueue.queue))) kept.push(ready)
      else taken.push(ready)
    }
    this.#ready = kept
    this.#handedOut.push(...taken)
    return taken.map(({ held }) => held.message)
  }

  #skip(processQueue: ProcessQueue, held: Held): void {
    const { messageId } = held.message
    this.#log.error('client.poll.unreadable', { ...processQueue.queue, messageId, error: held.problem })
    this.#finish(processQueue, [held])
  }

  #finish(processQueue: ProcessQueue, ended: readonly Held[]): void {
    if (!processQueue.dropped) this.#moveOffset(processQueue, processQueue.finish(ended))
  }
}
