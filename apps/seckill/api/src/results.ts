import { Inject, Injectable, Logger } from '@nestjs/common'
import type { SeckillResult } from '@rockhopper/seckill-contracts'
import { filter, Observable, Subject } from 'rxjs'
import { Recent } from './recent.js'
import { WorkerQuestions } from './worker-questions.js'

/** Results remembered; older ones are asked of the worker. */
const RESULTS_MAX = 200_000

/** What became of tickets, as the worker told it. */
@Injectable()
export class Results {
  readonly #logger = new Logger(Results.name)
  readonly #recent = new Recent<SeckillResult>(RESULTS_MAX)
  readonly #news = new Subject<SeckillResult>()

  constructor(@Inject(WorkerQuestions) private readonly worker: WorkerQuestions) {}

  /** Messages may overtake each other: an earlier step never replaces a later one. */
  learn(result: SeckillResult): void {
    const known = this.#recent.get(result.ticket)
    if (known !== undefined && known.step >= result.step) return
    this.#recent.set(result.ticket, result)
    this.#news.next(result)
  }

  /** Null: not decided yet. Rejects when it is not known here and no worker answers. */
  async find(ticket: string): Promise<SeckillResult | null> {
    const known = this.#recent.get(ticket)
    if (known !== undefined) return known
    const result = await this.worker.ticket(ticket)
    if (result !== null) this.learn(result)
    return result
  }

  /** What is known of the ticket, and everything that comes later. */
  of(ticket: string): Observable<SeckillResult> {
    return new Observable((subscriber) => {
      const subscription = this.#news
        .pipe(filter((result) => result.ticket === ticket))
        .subscribe((result) => subscriber.next(result))
      const known = this.#recent.get(ticket)
      if (known === undefined) {
        // What the worker answers comes through `learn`; if it does not, the news will.
        this.find(ticket).catch((error: unknown) => this.#logger.debug(`no answer yet: ${String(error)}`))
      } else subscriber.next(known)
      return () => subscription.unsubscribe()
    })
  }
}
