import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common'
import { ClientRocketMQ } from '@rockhopper/nestjs'
import { refusalsTo } from './refusals.js'
import { SinkLoop, type SinkState } from './sink-loop.js'
import { type StorageSettings, sinksOf } from './storage-settings.js'

export const STORAGE_SETTINGS = Symbol('STORAGE_SETTINGS')

/** One loop for each sink that the settings name: a sink that is down holds up nothing but itself. */
@Injectable()
export class Storage implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #loops: readonly SinkLoop[]

  constructor(
    @Inject(STORAGE_SETTINGS) settings: StorageSettings,
    @Inject(ClientRocketMQ) client: ClientRocketMQ,
  ) {
    this.#loops = sinksOf(settings, refusalsTo(client)).map((sink) => new SinkLoop(sink, settings))
  }

  onApplicationBootstrap(): void {
    for (const loop of this.#loops) loop.start()
  }

  async onModuleDestroy(): Promise<void> {
    await Promise.all(this.#loops.map((loop) => loop.stop()))
  }

  states(): SinkState[] {
    return this.#loops.map((loop) => loop.state())
  }
}
