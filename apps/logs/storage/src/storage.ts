import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common'
import { measure } from '@rockhopper/logs-contracts'
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
    measure({
      kind: 'counter',
      name: 'log_lines_stored_total',
      help: 'Lines that came to a sink: stored, repeated (it had them already), refused for good.',
      labels: ['sink', 'outcome'],
      read: () =>
        this.states().flatMap(({ sink, stored, repeated, refused }) =>
          Object.entries({ stored, repeated, refused }).map(
            ([outcome, lines]) => [lines, { sink, outcome }] as const,
          ),
        ),
    })
    measure({
      kind: 'gauge',
      name: 'log_sink_up',
      help: '1 while the sink takes lines, 0 while they wait at the broker.',
      labels: ['sink'],
      read: () => this.states().map(({ sink, down }) => [down === undefined ? 1 : 0, { sink }] as const),
    })
    for (const loop of this.#loops) loop.start()
  }

  async onModuleDestroy(): Promise<void> {
    await Promise.all(this.#loops.map((loop) => loop.stop()))
  }

  states(): SinkState[] {
    return this.#loops.map((loop) => loop.state())
  }
}
