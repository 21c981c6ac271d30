import { describe, expect, test } from '@jest/globals'
import { type Deadline, Deadlines } from './deadlines.js'
import type { Clock } from './env.js'

/** Time that stands still unless it is moved. */
class SteppedClock implements Clock {
  #now = 0
  readonly timers = new Map<object, { readonly at: number; readonly run: () => void }>()
  /** Timers ever set. */
  set = 0

  now = () => this.#now
  monotonic = () => this.#now
  endOfTurn = (run: () => void) => run()

  after(delayMs: number, run: () => void): () => void {
    const key = {}
    this.set++
    this.timers.set(key, { at: this.#now + delayMs, run })
    return () => this.timers.delete(key)
  }

  advance(byMs: number): void {
    this.#now += byMs
    for (const [key, { at, run }] of [...this.timers]) {
      if (at <= this.#now && this.timers.delete(key)) run()
    }
  }
}

function world() {
  const clock = new SteppedClock()
  const deadlines = new Deadlines(clock)
  const passed: string[] = []
  const start = (name: string, timeoutMs: number): Deadline => {
    const deadline = { at: 0, passed: () => passed.push(name) }
    deadlines.begin(deadline, timeoutMs)
    return deadline
  }
  return { clock, deadlines, passed, start }
}

describe('deadlines', () => {
  test('each passes once and in its own time, whatever the order they began in', () => {
    const { clock, passed, start } = world()
    start('late', 500)
    start('early', 100)
    start('middle', 300)
    clock.advance(99)
    expect(passed).toEqual([])
    clock.advance(1)
    expect(passed).toEqual(['early'])
    clock.advance(200)
    expect(passed).toEqual(['early', 'middle'])
    clock.advance(10_000)
    expect(passed).toEqual(['early', 'middle', 'late'])
    expect(clock.timers.size).toBe(0)
  })

  test('one that is cancelled does not pass, and the ones behind it do', () => {
    const { clock, deadlines, passed, start } = world()
    const first = start('first', 100)
    start('second', 200)
    deadlines.end(first)
    clock.advance(100)
    expect(passed).toEqual([])
    clock.advance(100)
    expect(passed).toEqual(['second'])
  })

  test('one that is moved passes then, later or earlier', () => {
    const { clock, deadlines, passed, start } = world()
    const first = start('first', 100)
    const second = start('second', 1_000)
    clock.advance(50)
    deadlines.extend(first, 100)
    deadlines.extend(second, 10)
    clock.advance(10)
    expect(passed).toEqual(['second'])
    clock.advance(89)
    expect(passed).toEqual(['second'])
    clock.advance(1)
    expect(passed).toEqual(['second', 'first'])
    deadlines.extend(first, 10)
    clock.advance(1_000)
    expect(passed).toHaveLength(2)
  })

  test('many share one timer, and none runs when all have ended', () => {
    const { clock, deadlines, start } = world()
    const all = Array.from({ length: 1_000 }, (_, n) => start(String(n), 1_000 + n))
    expect(clock.set).toBe(1)
    for (const one of all) deadlines.end(one)
    expect(clock.timers.size).toBe(0)
  })

  test('all can be ended at once', () => {
    const { clock, deadlines, passed, start } = world()
    start('first', 100)
    start('second', 200)
    deadlines.passAll()
    expect(passed).toEqual(['first', 'second'])
    expect(clock.timers.size).toBe(0)
    clock.advance(1_000)
    expect(passed).toHaveLength(2)
  })
})
