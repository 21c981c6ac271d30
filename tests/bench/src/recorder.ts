import { appendFileSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { type Spread, spread } from './statistics.js'

/** One measurement: what was measured, of whom, in which round. */
export interface Row {
  /** `send`, `pull`, … */
  readonly part: string
  readonly cell: string
  readonly contender: string
  readonly round: number
  /** By name; a name ends with its unit. */
  readonly values: Readonly<Record<string, number>>
}

/** Collects what a run measures; with a file each row is also written there as a line of JSON, at once. */
export class Recorder {
  readonly rows: Row[] = []
  readonly print: (line: string) => void
  readonly #file: string | undefined

  constructor(print: (line: string) => void, file?: string) {
    this.print = print
    this.#file = file
  }

  add(row: Row): void {
    this.rows.push(row)
    if (this.#file !== undefined) appendFileSync(this.#file, `${JSON.stringify(row)}\n`)
  }

  /** Of one value over all rounds; undefined when nobody measured it. */
  spread(part: string, cell: string, contender: string, value: string): Spread | undefined {
    const rows = this.rows.filter(
      (row) => row.part === part && row.cell === cell && row.contender === contender && value in row.values,
    )
    return rows.length === 0 ? undefined : spread(rows.map(({ values }) => values[value] as number))
  }
}

const FREE_MIN_GB = 30

/** @throws Error when the disk that the stores are made on has less than 30 GB free. */
export function needFreeDisk(): void {
  const { bavail, bsize } = statfsSync(tmpdir())
  if (bavail * bsize >= FREE_MIN_GB * 1e9) return
  throw new Error(`${tmpdir()} has less than ${FREE_MIN_GB} GB free: set TMPDIR to a larger disk`)
}
