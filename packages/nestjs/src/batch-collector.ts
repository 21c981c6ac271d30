import type { Clock } from '@rockhopper/env'
import { RocketMQContext } from './context.js'
import { BatchFailedException } from './exceptions.js'
import { originalError } from './original-error.js'
import type { Route } from './routes.js'
import type { Settlement } from './settlement.js'
import { DONE, type Verdict } from './verdict.js'

export interface BatchItem {
  readonly data: unknown
  readonly context: RocketMQContext
  readonly settlement: Settlement
}

/** Runs the handler of a batch; rejects with what it threw, after filters. */
export type RunBatch = (route: Route, data: unknown, context: RocketMQContext) => Promise<unknown>
/** What a failure means for one of the messages. */
export type FailureOf = (route: Route, item: BatchItem, error: unknown, original: unknown) => Verdict

interface Collecting {
  readonly items: { readonly item: BatchItem; readonly settle: (verdict: Verdict) => void }[]
  readonly cancel: () => void
}

/**
 * Joins messages that arrived one by one into calls of a batch handler: when `size` are there, `waitMs` after
 * the first, or at once while the server goes down. Each message gets its own outcome: what was said through
 * its context, else the end of the handler. `BatchFailedException` names the ones that failed.
 */
export class BatchCollector {
  readonly #clock: Clock
  readonly #run: RunBatch
  readonly #failureOf: FailureOf
  readonly #collecting = new Map<Route, Collecting>()
  #flushing = false

  constructor(clock: Clock, run: RunBatch, failureOf: FailureOf) {
    this.#clock = clock
    this.#run = run
    this.#failureOf = failureOf
  }

  add(
    route: Route,
    { size, waitMs }: { readonly size: number; readonly waitMs: number },
    item: BatchItem,
  ): Promise<Verdict> {
    return new Promise((settle) => {
      const collecting = this.#collecting.get(route) ?? this.#begin(route, waitMs)
      collecting.items.push({ item, settle })
      if (collecting.items.length >= size || this.#flushing) this.#end(route)
    })
  }

  /** Nothing waits for more messages from here on. */
  flush(): void {
    this.#flushing = true
    for (const route of [...this.#collecting.keys()]) this.#end(route)
  }

  #begin(route: Route, waitMs: number): Collecting {
    const collecting = { items: [], cancel: this.#clock.after(waitMs, () => this.#end(route)) }
    this.#collecting.set(route, collecting)
    return collecting
  }

  #end(route: Route): void {
    const collecting = this.#collecting.get(route)
    if (collecting === undefined) return
    this.#collecting.delete(route)
    collecting.cancel()
    void this.#call(route, collecting)
  }

  /** Never rejects: what the handler threw became outcomes. */
  async #call(route: Route, { items }: Collecting): Promise<void> {
    const contexts = items.map(({ item }) => item.context)
    const [first] = contexts
    if (first === undefined) return
    const [message, delivery] = first.getArgs()
    const context = new RocketMQContext([message, { ...delivery, batch: contexts }])
    const data = items.map(({ item }) => item.data)
    const failed = await this.#run(route, data, context).then(
      () => undefined,
      (error: unknown) => ({ error }),
    )
    for (const [index, { item, settle }] of items.entries()) {
      settle(item.settlement.verdict ?? this.#outcome(route, item, index, failed, originalError(context)))
    }
  }

  #outcome(
    route: Route,
    item: BatchItem,
    index: number,
    failed: { readonly error: unknown } | undefined,
    original: unknown,
  ): Verdict {
    if (failed === undefined) return DONE
    const { error } = failed
    if (!(error instanceof BatchFailedException)) return this.#failureOf(route, item, error, original)
    if (!error.failures.has(index)) return DONE
    const own = error.failures.get(index)
    return this.#failureOf(route, item, own, own)
  }
}
