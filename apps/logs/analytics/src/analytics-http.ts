import {
  Controller,
  DefaultValuePipe,
  Get,
  Inject,
  type MessageEvent,
  Param,
  ParseIntPipe,
  Query,
  Sse,
} from '@nestjs/common'
import { map, type Observable } from 'rxjs'
import { Analysis } from './analysis.js'
import { LiveView } from './live-view.js'
import type { WindowView } from './window-closing.js'
import type { QueueRow } from './window-rows.js'

const COUNT_MAX = 360

interface AnalyticsState {
  readonly watermark: number | null
  readonly lines: number
  readonly late: number
  readonly repeated: number
  readonly queues: readonly QueueRow[]
  readonly down?: string
}

@Controller()
export class AnalyticsHttp {
  constructor(
    @Inject(Analysis) private readonly analysis: Analysis,
    @Inject(LiveView) private readonly live: LiveView,
  ) {}

  /** Tumbling windows, oldest first; the last ones are still open (version 0). */
  @Get('windows')
  tumbling(@Query('count', new DefaultValuePipe(60), ParseIntPipe) count: number): Promise<WindowView[]> {
    return this.analysis.windows.tumbling(within(count))
  }

  @Get('windows/sliding')
  sliding(@Query('count', new DefaultValuePipe(60), ParseIntPipe) count: number): Promise<WindowView[]> {
    return this.analysis.windows.sliding(within(count))
  }

  /** How often a window was corrected, and what it said each time. */
  @Get('windows/:start')
  async versions(@Param('start', ParseIntPipe) start: number) {
    const rows = await this.analysis.windows.versions(start)
    return rows.map(({ figures, ...row }) => ({ ...row, figures: JSON.parse(figures) as unknown }))
  }

  @Get('analytics')
  async state(): Promise<AnalyticsState> {
    const queues = await this.analysis.windows.queues()
    const watermark = await this.analysis.windows.watermark()
    const sum = (key: 'lines' | 'late' | 'repeated') => queues.reduce((all, row) => all + row[key], 0)
    const { down } = this.analysis
    return {
      watermark: Number.isFinite(watermark) ? watermark : null,
      lines: sum('lines'),
      late: sum('late'),
      repeated: sum('repeated'),
      queues,
      ...(down === undefined ? {} : { down }),
    }
  }

  /** Once a second, what arrived at this instance. */
  @Sse('live')
  beats(): Observable<MessageEvent> {
    return this.live.beats().pipe(map((beat) => ({ type: 'beat', data: beat })))
  }
}

const within = (count: number): number => Math.min(Math.max(count, 1), COUNT_MAX)
