import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common'
import type { CollectorSettings } from './collector-settings.js'
import { FileTail, type TailState } from './file-tail.js'
import { LogSending } from './log-sending.js'
import { PositionFile } from './tail-position.js'

export const COLLECTOR_SETTINGS = Symbol('COLLECTOR_SETTINGS')

/** One tail for each file that the settings name. */
@Injectable()
export class Tails implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #tails: readonly FileTail[]
  readonly #ending = new AbortController()
  #running: Promise<unknown> = Promise.resolve()

  constructor(
    @Inject(COLLECTOR_SETTINGS) settings: CollectorSettings,
    @Inject(LogSending) sending: LogSending,
  ) {
    const positions = new PositionFile(settings.positionFile)
    this.#tails = settings.files.map((path) => new FileTail(path, settings, sending, positions))
  }

  onApplicationBootstrap(): void {
    this.#running = Promise.all(this.#tails.map((tail) => tail.run(this.#ending.signal)))
  }

  async onModuleDestroy(): Promise<void> {
    this.#ending.abort()
    await this.#running
  }

  states(): TailState[] {
    return this.#tails.map((tail) => tail.state())
  }
}
