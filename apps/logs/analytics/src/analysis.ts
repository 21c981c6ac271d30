import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common'
import { measure } from '@rockhopper/logs-contracts'
import { DataSource } from 'typeorm'
import { AnalysisLoop } from './analysis-loop.js'
import { ANALYTICS_SETTINGS, type AnalyticsSettings } from './analytics-settings.js'
import { WindowClosing } from './window-closing.js'
import { WindowCounting } from './window-counting.js'

/** The loop of this instance, from the start of the application to its end. */
@Injectable()
export class Analysis implements OnApplicationBootstrap, OnModuleDestroy {
  readonly windows: WindowClosing
  readonly #loop: AnalysisLoop

  constructor(
    @Inject(DataSource) database: DataSource,
    @Inject(ANALYTICS_SETTINGS) { namesrvAddr, times }: AnalyticsSettings,
  ) {
    this.windows = new WindowClosing(database, times)
    this.#loop = new AnalysisLoop(namesrvAddr, new WindowCounting(database, times), this.windows)
  }

  get down(): string | undefined {
    return this.#loop.down
  }

  onApplicationBootstrap(): void {
    measure({
      kind: 'counter',
      name: 'log_lines_counted_total',
      help: 'Lines that came to the windows: counted, late (beside them), repeated.',
      labels: ['outcome'],
      read: async () => {
        const rows = await this.windows.queues()
        const sum = (key: 'lines' | 'late' | 'repeated') => rows.reduce((all, row) => all + row[key], 0)
        return [
          [sum('lines'), { outcome: 'counted' }],
          [sum('late'), { outcome: 'late' }],
          [sum('repeated'), { outcome: 'repeated' }],
        ]
      },
    })
    this.#loop.start()
  }

  onModuleDestroy(): Promise<void> {
    return this.#loop.stop()
  }
}
