import { describe, expect, test } from '@jest/globals'
import { LateStart } from './late-start.js'
import { SteppedClock } from './stepped-clock.fixture.js'

function world(failures: number) {
  const clock = new SteppedClock()
  const told: string[] = []
  let attempts = 0
  const start = new LateStart({
    clock,
    start: async () => {
      if (++attempts <= failures) throw new Error(`no broker ${attempts}`)
    },
    failed: (reason, attempt) => told.push(`${reason} (${attempt})`),
    started: (attempt) => told.push(`started (${attempt})`),
  })
  return { clock, told, start, attempts: () => attempts }
}

describe('a late start', () => {
  test('works at once where a broker is', async () => {
    const { clock, told, start } = world(0)
    expect(start.state).toBe('made')
    await start.begin()
    expect([start.state, start.reason]).toEqual(['started', undefined])
    expect(told).toEqual(['started (1)'])
    expect(clock.timers.size).toBe(0)
  })

  test('does not hold up who begins it, and is tried with growing pauses', async () => {
    const { clock, told, start } = world(3)
    await start.begin()
    expect([start.state, start.reason]).toEqual(['starting', 'no broker 1'])
    await clock.advance(999)
    expect(told).toHaveLength(1)
    await clock.advance(1)
    await clock.advance(1_999)
    expect(told).toHaveLength(2)
    await clock.advance(1)
    await clock.advance(4_000)
    expect(told.at(-1)).toBe('started (4)')
    expect([start.state, start.reason]).toEqual(['started', undefined])
  })

  test('ends when it is stopped', async () => {
    const { clock, start, attempts } = world(100)
    await start.begin()
    await start.stop()
    await clock.advance(60_000)
    expect(attempts()).toBe(1)
    expect(clock.timers.size).toBe(0)
  })
})
