import { describe, expect, test } from '@jest/globals'
import { archived, archivedAtLeast, COLLECTOR, eventually, Pipeline, post } from './pipeline.fixture.js'

const AT = Date.parse('2026-11-20T08:30:00Z')
const line = (n: number) => ({
  time: AT + n,
  level: 'info',
  service: 'shop',
  message: `line ${n}`,
  durationMs: n,
})
const lines = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => line(from + n))

describe('the log pipeline', () => {
  test('lines taken over HTTP are archived once each, also when a batch is sent again', async () => {
    await using pipeline = await Pipeline.start()
    const collector = await pipeline.run(COLLECTOR)
    for (let batch = 0; batch < 8; batch++) {
      const answer = await post(collector, `b-${batch}`, lines(batch * 300, batch * 300 + 300))
      expect(answer.status).toBe(202)
    }
    await pipeline.storage()
    expect((await post(collector, 'b-3', lines(900, 1200))).status).toBe(202)
    expect((await post(collector, 'last', lines(2400, 2401))).status).toBe(202)
    const all = await archivedAtLeast(pipeline.archive, 2401)
    const messages = (of: readonly { message: string }[]) => of.map(({ message }) => message).sort()
    expect(messages(all)).toEqual(messages(lines(0, 2401)))
    expect(new Set(all.map(({ id }) => id)).size).toBe(2401)
    expect(all[0]).toMatchObject({ service: 'shop', level: 'info' })
  }, 60_000)

  test('a storage that starts again goes on where the archive ends, and knows earlier ids', async () => {
    await using pipeline = await Pipeline.start()
    const collector = await pipeline.run(COLLECTOR)
    await post(collector, 'one', lines(0, 50))
    const first = await pipeline.storage()
    await archivedAtLeast(pipeline.archive, 50)
    await first[Symbol.asyncDispose]()
    await post(collector, 'one', lines(0, 50))
    await post(collector, 'two', lines(50, 60))
    const second = await pipeline.storage()
    expect(await archivedAtLeast(pipeline.archive, 60)).toHaveLength(60)
    await eventually('the repeat is seen', async () => {
      const states = (await (await fetch(`${second.url}/storage`)).json()) as { repeated: number }[]
      return states[0]?.repeated === 50 ? true : undefined
    })
    expect(await archived(pipeline.archive)).toHaveLength(60)
  }, 60_000)

  test('a batch with a line that is none is refused whole, by the number of the line', async () => {
    await using pipeline = await Pipeline.start()
    const collector = await pipeline.run(COLLECTOR)
    const refused = await post(collector, 'bad', [line(1), { message: 'when?' }])
    expect([refused.status, await refused.text()]).toEqual([
      400,
      expect.stringContaining("line 2: 'time' is missing"),
    ])
    const nameless = await fetch(`${collector}/logs`, { method: 'POST', body: '{}' })
    expect([nameless.status, await nameless.text()]).toEqual([400, expect.stringContaining('x-batch-id')])
    expect(await (await fetch(`${collector}/logs`)).json()).toMatchObject({ lines: 0, messages: 0 })
  }, 60_000)

  test('while the broker is away a batch is refused with 503', async () => {
    await using pipeline = await Pipeline.start()
    const collector = await pipeline.run(COLLECTOR)
    await pipeline.mq.stop()
    expect((await post(collector, 'lost', lines(0, 3))).status).toBe(503)
  }, 60_000)
})
