import { apache, type Contender, rockhopper } from '../contenders.js'
import type { Recorder } from '../recorder.js'
import { DELIVERY_ROWS } from './deliveries.js'
import { growthRows } from './growth.js'
import { PULL_ROWS } from './pulls.js'
import { type BrokerRow, runRow, type Sizes, shown } from './row.js'

export interface BrokerOptions {
  readonly sizes: Sizes
  /** Only rows whose name has this in it. */
  readonly only: string | undefined
  readonly contenders: readonly Contender[]
}

/** Everything about a running broker that is not the send grid; both sides by turns. */
export async function benchBroker(options: BrokerOptions, recorder: Recorder): Promise<void> {
  const { sizes, contenders, only = '' } = options
  const rows = [...PULL_ROWS, ...DELIVERY_ROWS, ...growthRows(sizes)].filter(({ name }) =>
    name.includes(only),
  )
  for (const row of rows) {
    for (let round = 1; round <= sizes.rounds; round++) {
      for (const contender of contendersOf(row, contenders)) {
        // One row that cannot be measured does not take the others with it; the run fails in the end.
        await runRow(row, contender, sizes, round, recorder).catch((error: unknown) => {
          process.exitCode = 1
          recorder.print(`round ${round}  ${contender.name}  ${row.name}  FAILED: ${String(error)}`)
        })
      }
    }
  }
  printRows(rows, contenders, recorder)
}

const contendersOf = (row: BrokerRow, contenders: readonly Contender[]): readonly Contender[] =>
  contenders.filter((contender) => contender !== apache || row.oursOnly !== true)

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
