import { Inject, Injectable, Logger, type OnModuleDestroy } from '@nestjs/common'
import { type ItemState, itemKey } from '@rockhopper/seckill-contracts'
import { API_SETTINGS, type ApiSettings } from './api-settings.js'
import { Gate } from './gate.js'
import { Recent } from './recent.js'
import { WorkerQuestions } from './worker-questions.js'

/** Gates kept; items are few, and a name that nobody sells has none. */
const GATES_MAX = 10_000
/** Broadcasts tell of changes; asking now and then mends what an instance missed. */
const REFRESH_MS = 5_000
const UNKNOWN_FOR_MS = 1_000

/** The gates of all items that this instance was asked for. */
@Injectable()
export class Gates implements OnModuleDestroy {
  readonly #logger = new Logger(Gates.name)
  readonly #gates = new Map<string, Gate>()
  readonly #asking = new Map<string, Promise<void>>()
  readonly #unknown = new Recent<number>(GATES_MAX)
  readonly #timer: NodeJS.Timeout

  constructor(
    @Inject(WorkerQuestions) private readonly worker: WorkerQuestions,
    @Inject(API_SETTINGS) private readonly settings: ApiSettings,
  ) {
    this.#timer = setInterval(() => this.#refresh(), REFRESH_MS).unref()
  }

  onModuleDestroy(): void {
    clearInterval(this.#timer)
  }

  /** Undefined: the worker knows no such item. Rejects while no worker answers. */
  async find(campaignId: string, itemId: string): Promise<Gate | undefined> {
    const key = itemKey({ campaignId, itemId })
    const known = this.#gates.get(key)
    if (known !== undefined) return known
    const askedAt = this.#unknown.get(key)
    if (askedAt !== undefined && Date.now() - askedAt < UNKNOWN_FOR_MS) return undefined
    await this.#ask(campaignId)
    const found = this.#gates.get(key)
    if (found === undefined) this.#unknown.set(key, Date.now())
    return found
  }

  learn(state: ItemState): void {
    const key = itemKey(state)
    const gate = this.#gates.get(key)
    if (gate !== undefined) gate.learn(state)
    else if (this.#gates.size < GATES_MAX) this.#gates.set(key, new Gate(state, this.settings.stockMultiple))
    this.#unknown.delete(key)
  }

  all(): readonly Gate[] {
    return [...this.#gates.values()]
  }

  /** One question for a campaign at a time, however many wait for its answer. */
  #ask(campaignId: string): Promise<void> {
    const running = this.#asking.get(campaignId)
    if (running !== undefined) return running
    const asking = this.worker
      .items(campaignId)
      .then((states) => {
        for (const state of states) this.learn(state)
      })
      .finally(() => this.#asking.delete(campaignId))
    this.#asking.set(campaignId, asking)
    return asking
  }

  #refresh(): void {
    for (const campaignId of new Set(this.all().map(({ state }) => state.campaignId))) {
      this.#ask(campaignId).catch((error: unknown) => {
        this.#logger.debug(`no answer about campaign ${campaignId}: ${String(error)}`)
      })
    }
  }
}
