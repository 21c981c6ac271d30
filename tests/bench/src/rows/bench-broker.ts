import { apache, type Contender, rockhopper } from '../contenders.js'
import type { Recorder } from '../recorder.js'
import { DELIVERY_ROWS } from './deliveries.js'
import { growthRows } from './growth.js'
import { PULL_ROWS } from './pulls.js'
import { type BrokerRow, runRows, shown } from './row.js'
import type { Sizes } from './sizes.js'

export interface BrokerOptions {
  readonly sizes: Sizes
  /** Only rows whose name has this in it. */
  readonly only: string | undefined
  readonly contenders: readonly Contender[]
}

/** Everything about a running broker that is not the send grid; both sides by turns, the first one too. */
export async function benchBroker(options: BrokerOptions, recorder: Recorder): Promise<void> {
  const { sizes, contenders, only = '' } = options
  const rows = [...PULL_ROWS, ...DELIVERY_ROWS, ...growthRows(sizes)].filter(({ name }) =>
    name.includes(only),
  )
  for (const group of groupsOf(rows)) {
    for (let round = 1; round <= sizes.rounds; round++) {
      const sides = round % 2 === 1 ? contenders : contenders.toReversed()
      for (const contender of sides) {
        const wanted = group.filter((row) => isMeasured(row, contender, round))
        if (wanted.length > 0) await runTwice(wanted, contender, sizes, round, recorder)
      }
    }
  }
  printRows(rows, contenders, recorder)
}

/** A row that cannot be measured does not take the others with it; the run fails in the end. */
async function runTwice(
  rows: readonly BrokerRow[],
  contender: Contender,
  sizes: Sizes,
  round: number,
  recorder: Recorder,
): Promise<void> {
  const failed = await runRows(rows, contender, sizes, round, recorder)
  if (failed.length === 0) return
  recorder.print(`once more: ${failed.map(({ name }) => name).join('; ')}`)
  const again = await runRows(failed, contender, sizes, round, recorder)
  if (again.length > 0) process.exitCode = 1
}

const isMeasured = (row: BrokerRow, contender: Contender, round: number): boolean =>
  (contender !== apache || row.oursOnly !== true) && round <= (row.roundsMax ?? round)

function groupsOf(rows: readonly BrokerRow[]): BrokerRow[][] {
  const groups: BrokerRow[][] = []
  for (const row of rows) {
    const last = groups.at(-1)
    if (row.together !== undefined && last?.[0]?.together === row.together) last.push(row)
    else groups.push([row])
  }
  return groups
}

function printRows(rows: readonly BrokerRow[], contenders: readonly Contender[], recorder: Recorder): void {
  recorder.print('')
  recorder.print('| row | value | Rockhopper: median (min to max) | Apache | ratio |')
  recorder.print('|---|---|---|---|---|')
  const second = contenders.includes(apache) ? apache : undefined
  for (const { name } of rows) {
    const values = new Set(
      recorder.rows.filter((row) => row.cell === name).flatMap((row) => Object.keys(row.values)),
    )
    for (const value of values) {
      const ours = recorder.spread('broker', name, rockhopper.name, value)
      const theirs = second && recorder.spread('broker', name, second.name, value)
      const text = [ours, theirs].map((one) =>
        one === undefined ? '' : `${shown(one.median)} (${shown(one.min)} to ${shown(one.max)})`,
      )
      const compared = ours !== undefined && theirs !== undefined && theirs.median > 0
      const ratio = compared ? (ours.median / theirs.median).toFixed(2) : ''
      recorder.print(`| ${name} | ${value} | ${text.join(' | ')} | ${ratio} |`)
    }
  }
  recorder.print('')
}
