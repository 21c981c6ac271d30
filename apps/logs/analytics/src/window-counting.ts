import type { LogLine } from '@rockhopper/log-transport'
import { faultPoint } from '@rockhopper/logs-contracts'
import type { DataSource, EntityManager } from 'typeorm'
import { EMPTY_PANE, mergePanes, type Pane, paneOf } from './pane.js'
import { isTooLate, startOf, type WindowTimes } from './watermark.js'
import { PaneRow, QueueRow } from './window-rows.js'

/** Lines of one queue that are to be counted, in its order. */
export interface Uncounted {
  readonly queue: string
  /** What the row of the queue has to say; undefined: there is none. Otherwise somebody else counts it. */
  readonly expected: number | undefined
  /** Offset after the last message. */
  readonly next: number
  readonly lines: readonly LogLine[]
  /** When the broker stored the newest of them: no event is later, whatever its clock says. Ms since 1970. */
  readonly storedAt: number
  readonly repeated: number
}

/** Another instance counted this queue meanwhile. Nothing was changed. */
export class OvertakenError extends Error {
  override readonly name = 'OvertakenError'
}

/**
 * Counts lines into panes. State and offset are one transaction: after any crash the offset says exactly
 * which lines are in the panes. Each queue has panes of its own, so instances do not wait for each other.
 */
export class WindowCounting {
  constructor(
    private readonly database: DataSource,
    private readonly times: WindowTimes,
  ) {}

  /** The offset of the first message that is not counted; undefined when nothing was. */
  async nextOffset(queue: string): Promise<number | undefined> {
    return (await this.database.getRepository(QueueRow).findOneBy({ queue }))?.nextOffset
  }

  /** Rejects with OvertakenError when `expected` is not so. */
  count(uncounted: Uncounted): Promise<void> {
    return this.database.transaction((manager) => this.#count(manager, uncounted))
  }

  async #count(manager: EntityManager, { queue, expected, next, ...batch }: Uncounted): Promise<void> {
    const before = await manager.findOneBy(QueueRow, { queue })
    if (before?.nextOffset !== expected) throw new OvertakenError(`${queue} is at ${before?.nextOffset}`)
    const split = this.#split(batch, before?.latestAt ?? 0)
    const row = {
      queue,
      nextOffset: next,
      latestAt: split.latestAt,
      countedAt: Date.now(),
      lines: (before?.lines ?? 0) + batch.lines.length - split.late,
      late: (before?.late ?? 0) + split.late,
      repeated: (before?.repeated ?? 0) + batch.repeated,
    }
    // First of all: the row's lock makes whoever else counts this queue wait, and then see that it moved.
    if (expected === undefined) await manager.insert(QueueRow, row)
    else {
      const { affected } = await manager.update(QueueRow, { queue, nextOffset: expected }, row)
      if (affected !== 1) throw new OvertakenError(`${queue} is no longer at ${expected}`)
    }
    for (const [start, lines] of split.panes) await this.#add(manager, queue, start, paneOf(lines))
    faultPoint('analytics.after-update-before-commit')
  }

  async #add(manager: EntityManager, queue: string, start: number, more: Pane): Promise<void> {
    const found = await manager.findOneBy(PaneRow, { start, queue })
    const pane = mergePanes(found === null ? EMPTY_PANE : (JSON.parse(found.pane) as Pane), more)
    const row = { start, queue, lines: pane.lines, pane: JSON.stringify(pane) }
    if (found === null) await manager.insert(PaneRow, row)
    else await manager.update(PaneRow, { start, queue }, row)
  }

  /** Lines by the start of their window, and how many were too late for theirs. */
  #split({ lines, storedAt }: Pick<Uncounted, 'lines' | 'storedAt'>, latestBefore: number) {
    const panes = new Map<number, LogLine[]>()
    let latestAt = latestBefore
    let late = 0
    for (const line of lines) {
      if (isTooLate(line.at, latestAt, this.times)) {
        late++
        continue
      }
      latestAt = Math.max(latestAt, Math.min(line.at, storedAt))
      const start = startOf(line.at, this.times.windowMs)
      const pane = panes.get(start)
      if (pane === undefined) panes.set(start, [line])
      else pane.push(line)
    }
    return { panes, latestAt, late }
  }
}
