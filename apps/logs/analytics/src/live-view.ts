import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common'
import { PushConsumer } from '@rockhopper/client'
import { type LogLine, linesOf } from '@rockhopper/log-transport'
import { Group, pause, Topic } from '@rockhopper/logs-contracts'
import { Observable, Subject } from 'rxjs'
import { ANALYTICS_SETTINGS, type AnalyticsSettings } from './analytics-settings.js'
import { type LevelCounts, paneOf } from './pane.js'

const LINES_KEPT = 100
const TELL_EVERY_MS = 1_000
const START_RETRY_MS = 2_000

/** What arrived since the last one, at this instance. */
export interface LiveBeat {
  readonly at: number
  readonly lines: number
  readonly levels: LevelCounts
  readonly newest: readonly LogLine[]
}

/**
 * Every instance hears every line (a broadcast group), from its start on: for eyes only. What has to be right
 * is in the windows.
 */
@Injectable()
export class LiveView implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #logger = new Logger(LiveView.name)
  readonly #beats = new Subject<LiveBeat>()
  readonly #ending = new AbortController()
  #consumer: PushConsumer | undefined
  #arrived: LogLine[] = []
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> = Promise.resolve()

  constructor(@Inject(ANALYTICS_SETTINGS) private readonly settings: AnalyticsSettings) {}

  onApplicationBootstrap(): void {
    this.#running = this.#start()
    this.#timer = setInterval(() => this.#tell(), TELL_EVERY_MS)
  }

  async onModuleDestroy(): Promise<void> {
    this.#ending.abort()
    clearInterval(this.#timer)
    await this.#running
    this.#beats.complete()
    await this.#consumer?.shutdown()
  }

  beats(): Observable<LiveBeat> {
    return this.#beats.asObservable()
  }

  async #start(): Promise<void> {
    while (!this.#ending.signal.aborted) {
      const consumer = new PushConsumer({
        namesrvAddr: this.settings.namesrvAddr,
        consumerGroup: Group.LIVE,
        messageModel: 'BROADCASTING',
        consumeFromWhere: 'CONSUME_FROM_LAST_OFFSET',
        // Nobody wants to see now what came while nobody looked: each start is a member of its own.
        instanceName: randomUUID(),
        offsetStoreDir: join(this.settings.dataDir, 'live'),
      })
      consumer.subscribe(Topic.LOG)
      try {
        await consumer.start((messages) => {
          for (const { body } of messages) this.#arrived.push(...linesOf(body).lines)
        })
        this.#consumer = consumer
        return
      } catch (error) {
        this.#logger.warn(`no live view yet: ${String(error)}`)
        await consumer.shutdown()
        await pause(START_RETRY_MS, this.#ending.signal)
      }
    }
  }

  #tell(): void {
    const arrived = this.#arrived
    this.#arrived = []
    const levels = Object.values(paneOf(arrived).services).map((part) => part.levels)
    const all: Record<string, number> = {}
    for (const part of levels)
      for (const [level, count] of Object.entries(part)) all[level] = (all[level] ?? 0) + count
    this.#beats.next({
      at: Date.now(),
      lines: arrived.length,
      levels: all,
      newest: arrived.slice(-LINES_KEPT),
    })
  }
}
