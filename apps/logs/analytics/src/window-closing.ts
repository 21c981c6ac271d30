import { type DataSource, LessThan, MoreThanOrEqual } from 'typeorm'
import { EMPTY_PANE, figuresOf, mergePanes, type Pane, type PaneFigures } from './pane.js'
import { startOf, type WindowTimes, watermarkOf } from './watermark.js'
import { PaneRow, QueueRow, WindowRow } from './window-rows.js'

export interface WindowView {
  /** Ms since 1970. */
  readonly start: number
  readonly end: number
  /** 0 while it is open; 1 when it was closed; more when late events corrected it. */
  readonly version: number
  readonly figures: PaneFigures
}

/** Closes windows that the watermark has passed, and writes a further version of those that changed since. */
export class WindowClosing {
  readonly #startedAt = Date.now()

  constructor(
    private readonly database: DataSource,
    private readonly times: WindowTimes,
  ) {}

  queues(): Promise<QueueRow[]> {
    return this.database.getRepository(QueueRow).find({ order: { queue: 'ASC' } })
  }

  async watermark(): Promise<number> {
    return watermarkOf(await this.queues(), { at: Date.now(), startedAt: this.#startedAt }, this.times)
  }

  /** Resolves with how many versions were written. */
  async close(): Promise<number> {
    const watermark = await this.watermark()
    if (!Number.isFinite(watermark)) return 0
    const until = watermark - this.times.windowMs
    const counted = await this.database
      .getRepository(PaneRow)
      .createQueryBuilder('pane')
      .select('pane.start', 'start')
      .addSelect('SUM(pane.lines)', 'lines')
      .where('pane.start <= :until', { until })
      .groupBy('pane.start')
      .getRawMany<{ start: string; lines: string }>()
    const written = await this.#newest()
    const changed = counted
      .map(({ start, lines }) => ({ start: Number(start), lines: Number(lines) }))
      .filter(({ start, lines }) => written.get(start)?.lines !== lines)
    for (const { start } of changed) await this.#write(start, (written.get(start)?.version ?? 0) + 1)
    return changed.length
  }

  /** Forgets what is older than `keptMs` before the newest event. */
  async forget(): Promise<void> {
    const newest = Math.max(0, ...(await this.queues()).map(({ latestAt }) => latestAt))
    const before = LessThan(startOf(newest - this.times.keptMs, this.times.windowMs))
    await this.database.getRepository(PaneRow).delete({ start: before })
    await this.database.getRepository(WindowRow).delete({ start: before })
  }

  /** Tumbling windows of the last `count` starts before the newest event, closed and open, oldest first. */
  async tumbling(count: number): Promise<WindowView[]> {
    const { windowMs } = this.times
    return (await this.#spans(count, windowMs)).slice(-count)
  }

  /** Windows of `slidingMs`, one for each step of `windowMs`, oldest first. */
  async sliding(count: number): Promise<WindowView[]> {
    return (await this.#spans(count, this.times.slidingMs)).slice(-count)
  }

  /** All versions of a window. */
  versions(start: number): Promise<WindowRow[]> {
    return this.database.getRepository(WindowRow).find({ where: { start }, order: { version: 'ASC' } })
  }

  async #spans(count: number, lengthMs: number): Promise<WindowView[]> {
    const { windowMs } = this.times
    const newest = Math.max(0, ...(await this.queues()).map(({ latestAt }) => latestAt))
    const last = startOf(newest, windowMs)
    const first = last - (count - 1) * windowMs - (lengthMs - windowMs)
    const panes = await this.#panesFrom(first)
    const written = await this.#newest()
    const views: WindowView[] = []
    for (let end = last + windowMs; views.length < count; end -= windowMs) {
      const starts = Array.from({ length: lengthMs / windowMs }, (_, n) => end - (n + 1) * windowMs)
      const parts = starts.flatMap((start) => panes.get(start) ?? [])
      const versions = starts.flatMap((start) => (panes.has(start) ? [written.get(start)?.version ?? 0] : []))
      const version = versions.includes(0) || versions.length === 0 ? 0 : Math.max(...versions)
      const figures = figuresOf(parts.reduce(mergePanes, EMPTY_PANE), lengthMs)
      views.unshift({ start: end - lengthMs, end, version, figures })
    }
    return views
  }

  async #write(start: number, version: number): Promise<void> {
    const rows = await this.database.getRepository(PaneRow).findBy({ start })
    const pane = panesOf(rows).get(start) ?? EMPTY_PANE
    const figures = JSON.stringify(figuresOf(pane, this.times.windowMs))
    const row = { start, version, lines: pane.lines, closedAt: Date.now(), figures }
    // Another instance may write the same version: one of them is enough.
    await this.database.createQueryBuilder().insert().into(WindowRow).values(row).orIgnore().execute()
  }

  async #newest(): Promise<Map<number, { readonly version: number; readonly lines: number }>> {
    const rows = await this.database
      .getRepository(WindowRow)
      .createQueryBuilder('w')
      .select('w.start', 'start')
      .addSelect('MAX(w.version)', 'version')
      // Lines only become more.
      .addSelect('MAX(w.lines)', 'lines')
      .groupBy('w.start')
      .getRawMany<{ start: string; version: string; lines: string }>()
    return new Map(
      rows.map(({ start, version, lines }) => [
        Number(start),
        { version: Number(version), lines: Number(lines) },
      ]),
    )
  }

  async #panesFrom(first: number): Promise<Map<number, Pane>> {
    return panesOf(await this.database.getRepository(PaneRow).findBy({ start: MoreThanOrEqual(first) }))
  }
}

/** Those of all queues added, by start. */
function panesOf(rows: readonly PaneRow[]): Map<number, Pane> {
  const panes = new Map<number, Pane>()
  for (const { start, pane } of rows)
    panes.set(start, mergePanes(panes.get(start) ?? EMPTY_PANE, JSON.parse(pane) as Pane))
  return panes
}
