import { describe, expect, test } from '@jest/globals'
import type { Clock } from '@rockhopper/env'
import { Deadlines } from './deadlines.js'

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
  const start = (name: string, timeoutMs: number) => deadlines.start(timeoutMs, () => passed.push(name))
  return { clock, passed, start }
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
    const { clock, passed, start } = world()
    const first = start('first', 100)
    start('second', 200)
    first.cancel()
    clock.advance(100)
    expect(passed).toEqual([])
    clock.advance(100)
    expect(passed).toEqual(['second'])
  })

  test('one that is moved passes then, later or earlier', () => {
    const { clock, passed, start } = world()
    const first = start('first', 100)
    const second = start('second', 1_000)
    clock.advance(50)
    first.extend(100)
    second.extend(10)
    clock.advance(10)
    expect(passed).toEqual(['second'])
    clock.advance(89)
    expect(passed).toEqual(['second'])
    clock.advance(1)
    expect(passed).toEqual(['second', 'first'])
    first.extend(10)
    clock.advance(1_000)
    expect(passed).toHaveLength(2)
  })

  test('many share one timer, and none runs when all have ended', () => {
    const { clock, start } = world()
    const all = Array.from({ length: 1_000 }, (_, n) => start(String(n), 1_000 + n))
    expect(clock.set).toBe(1)
    for (const one of all) one.cancel()
    expect(clock.timers.size).toBe(0)
  })
})
