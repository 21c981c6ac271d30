import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import type { LogLine } from '@rockhopper/log-transport'
import { OvertakenError, PaneRow, QueueRow, WindowCounting, WindowRow } from '@rockhopper/logs-analytics'
import { DataSource } from 'typeorm'
import { DatabaseServer } from '../database-server.fixture.js'
import { availableImage } from '../engine.fixture.js'

const QUEUE = 'broker-a/0'
const TIMES = {
  ...{ windowMs: 1_000, slidingMs: 3_000, disorderMs: 500, latenessMs: 2_000 },
  ...{ idleMs: 300, keptMs: 60_000 },
}
const AT = Date.parse('2026-11-20T08:30:00Z')
const image = availableImage('postgres')

/** One line for each offset from `from` to `next - 1`. */
const batch = (from: number, next: number) => ({
  ...{ queue: QUEUE, expected: from, next, storedAt: AT + 60_000, repeated: 0 },
  lines: Array.from({ length: next - from }, (_, n): LogLine => {
    const at = AT + (from + n) * 10
    return { id: String(from + n), at, level: 'info', service: 'shop', message: 'order taken' }
  }),
})

for (const type of ['better-sqlite3', 'postgres'] as const) {
  const describeHere = type === 'postgres' && image === undefined ? describe.skip : describe

  describeHere(`counting on ${type}`, () => {
    let server: DatabaseServer | undefined
    let database: DataSource
    beforeAll(async () => {
      if (type === 'postgres') server = await DatabaseServer.start('postgres', image ?? '')
      const entities = [QueueRow, PaneRow, WindowRow]
      const place = server === undefined ? { type, database: ':memory:' } : { type, url: server.url }
      database = await new DataSource({ ...place, entities, synchronize: true } as never).initialize()
    }, 150_000)
    afterEach(() => database.synchronize(true))
    afterAll(async () => {
      await database.destroy()
      await server?.[Symbol.asyncDispose]()
    }, 30_000)

    const counted = async (): Promise<number> =>
      (await database.getRepository(PaneRow).find()).reduce((sum, { lines }) => sum + lines, 0)

    test('who lost a queue cannot commit, not even before the new owner has counted anything', async () => {
      const [one, two] = [new WindowCounting(database, TIMES), new WindowCounting(database, TIMES)]
      expect(await one.takeOver(QUEUE)).toBe(0)
      await one.count(batch(0, 10))
      expect(await two.takeOver(QUEUE)).toBe(10)
      await expect(one.count(batch(10, 20))).rejects.toThrow(OvertakenError)
      expect(await counted()).toBe(10)
      await two.count(batch(10, 30))
      expect(await counted()).toBe(30)
      expect(await one.takeOver(QUEUE)).toBe(30)
    })

    test('an owner that counts the same messages again is refused', async () => {
      const one = new WindowCounting(database, TIMES)
      await one.takeOver(QUEUE)
      await one.count(batch(0, 10))
      await expect(one.count(batch(0, 10))).rejects.toThrow(OvertakenError)
      expect(await counted()).toBe(10)
    })

    test('a failure within the transaction leaves neither lines nor the offset', async () => {
      const one = new WindowCounting(database, TIMES)
      await one.takeOver(QUEUE)
      const broken = { ...batch(0, 10), next: Number.NaN }
      await expect(one.count(broken)).rejects.toThrow(/./)
      expect(await counted()).toBe(0)
      expect(await one.takeOver(QUEUE)).toBe(0)
    })
  })
}

const describeOnServer = image === undefined ? describe.skip : describe

describeOnServer('two instances at the same moment', () => {
  test('count every message once, whoever has the queue', async () => {
    await using server = await DatabaseServer.start('postgres', image ?? '')
    const entities = [QueueRow, PaneRow, WindowRow]
    const options = { type: 'postgres' as const, url: server.url, entities }
    const databases = await Promise.all([
      new DataSource({ ...options, synchronize: true }).initialize(),
      new DataSource(options).initialize(),
    ])
    const END = 300
    const member = async (database: DataSource): Promise<void> => {
      const counting = new WindowCounting(database, TIMES)
      let next = await counting.takeOver(QUEUE)
      while (next < END) {
        const until = Math.min(next + 7, END)
        try {
          await counting.count(batch(next, until))
          next = until
        } catch (error) {
          if (!(error instanceof OvertakenError)) throw error
          next = await counting.takeOver(QUEUE)
        }
      }
    }
    // The first one makes the row; then they take it from each other all the time.
    await new WindowCounting(databases[0], TIMES).takeOver(QUEUE)
    await Promise.all(databases.map(member))
    const panes = await databases[0].getRepository(PaneRow).find()
    expect(panes.reduce((sum, { lines }) => sum + lines, 0)).toBe(END)
    for (const database of databases) await database.destroy()
  }, 180_000)
})
