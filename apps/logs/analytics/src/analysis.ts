import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common'
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
    this.#loop.start()
  }

  onModuleDestroy(): Promise<void> {
    return this.#loop.stop()
  }
}
