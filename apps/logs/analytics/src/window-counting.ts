import { randomUUID } from 'node:crypto'
import type { LogLine } from '@rockhopper/log-transport'
import { faultPoint } from '@rockhopper/logs-contracts'
import type { DataSource, EntityManager } from 'typeorm'
import { EMPTY_PANE, mergePanes, type Pane, paneOf } from './pane.js'
import { isTooLate, startOf, type WindowTimes } from './watermark.js'
import { PaneRow, QueueRow } from './window-rows.js'

/** Lines of one queue that are to be counted, in its order. */
export interface Uncounted {
  readonly queue: string
  /** Where the row of the queue has to be. Otherwise somebody else counts it. */
  readonly expected: number
  /** Offset after the last message. */
  readonly next: number
  readonly lines: readonly LogLine[]
  /** When the broker stored the newest of them: no event is later, whatever its clock says. Ms since 1970. */
  readonly storedAt: number
  readonly repeated: number
}

/** Another instance took this queue over. Nothing was changed. */
export class OvertakenError extends Error {
  override readonly name = 'OvertakenError'
}

/**
 * Counts lines into panes. State and offset are one transaction: after any crash the offset says exactly
 * which lines are in the panes. Each queue has panes of its own, so instances do not wait for each other.
 */
export class WindowCounting {
  /** This instance in this life: what an earlier life began, it cannot commit any more. */
  readonly #owner = randomUUID()

  constructor(
    private readonly database: DataSource,
    private readonly times: WindowTimes,
  ) {}

  /**
   * Takes a queue over: from now on whoever had it before cannot commit. Resolves with the offset of the
   * first message that is not counted.
   */
  takeOver(queue: string): Promise<number> {
    return this.database.transaction(async (manager) => {
      const { affected } = await manager.update(QueueRow, { queue }, { owner: this.#owner })
      if (affected === 1) return (await manager.findOneByOrFail(QueueRow, { queue })).nextOffset
      const counts = { nextOffset: 0, latestAt: 0, countedAt: 0, lines: 0, late: 0, repeated: 0 }
      await manager.insert(QueueRow, { queue, owner: this.#owner, ...counts })
      return 0
    })
  }

  /** Rejects with OvertakenError when another instance took the queue over. */
  count(uncounted: Uncounted): Promise<void> {
    return this.database.transaction((manager) => this.#count(manager, uncounted))
  }

  async #count(manager: EntityManager, { queue, expected, next, ...batch }: Uncounted): Promise<void> {
    const before = await manager.findOneBy(QueueRow, { queue })
    if (before === null) throw new OvertakenError(`${queue} was never taken over`)
    const split = this.#split(batch, before.latestAt)
    // First of all: the row's lock makes whoever takes this queue over wait, and then see how far it came.
    const { affected } = await manager.update(
      QueueRow,
      { queue, owner: this.#owner, nextOffset: expected },
      {
        nextOffset: next,
        latestAt: split.latestAt,
        countedAt: Date.now(),
        lines: before.lines + batch.lines.length - split.late,
        late: before.late + split.late,
        repeated: before.repeated + batch.repeated,
      },
    )
    if (affected !== 1) throw new OvertakenError(`${queue} was taken over by another instance`)
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
