import 'reflect-metadata'
import type { LogLine } from '@rockhopper/log-transport'
import { OvertakenError, PaneRow, QueueRow, WindowCounting, WindowRow } from '@rockhopper/logs-analytics'
import { DataSource } from 'typeorm'

const QUEUE = 'broker-a.0'
const TIMES = {
  ...{ windowMs: 1_000, slidingMs: 3_000, disorderMs: 500, latenessMs: 2_000 },
  ...{ idleMs: 300, keptMs: 60_000 },
}
const AT = Date.parse('2026-11-20T08:30:00Z')

/** One line for each offset from `from` to `next - 1`. */
const batch = (from: number, next: number) => ({
  ...{ queue: QUEUE, expected: from, next, storedAt: AT + 60_000, repeated: 0 },
  lines: Array.from({ length: next - from }, (_, n): LogLine => {
    const at = AT + (from + n) * 10
    return { id: String(from + n), at, level: 'info', service: 'shop', message: 'order taken' }
  }),
})

// Two analytics, and a queue of thirty lines that goes from one to the other while the first one still has
// ten lines in its hands. Prints how many are counted in the end.
const entities = [QueueRow, PaneRow, WindowRow]
const options = { type: 'better-sqlite3' as const, database: ':memory:', entities, synchronize: true }
const database = await new DataSource(options).initialize()
const [slow, quick] = [new WindowCounting(database, TIMES), new WindowCounting(database, TIMES)]
await slow.takeOver(QUEUE)
await slow.count(batch(0, 10))
const next = await quick.takeOver(QUEUE)
await slow.count(batch(10, 20)).catch((error: unknown) => {
  if (!(error instanceof OvertakenError)) throw error
})
await quick.count(batch(next, 30))
const panes = await database.getRepository(PaneRow).find()
process.stdout.write(`${panes.reduce((sum, { lines }) => sum + lines, 0)}\n`)
await database.destroy()
