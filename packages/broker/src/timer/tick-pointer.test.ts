import { describe, expect, test } from '@jest/globals'
import type { Clock } from '@rockhopper/env'
import { TickPointer } from './tick-pointer.js'

function pointerAt(now: number, partialPos = 0) {
  const world = { now, logEnd: 0 }
  const clock = { now: () => world.now } as Clock
  const start = { precisionMs: 1_000, readTimeMs: now - (now % 1_000), partialPos }
  return { world, pointer: new TickPointer(clock, start, () => world.logEnd) }
}

describe('the tick pointer', () => {
  test('reads only ticks that are over', () => {
    const { world, pointer } = pointerAt(50_300)
    expect(pointer.writeTimeMs()).toBe(50_000)
    world.now = 51_000
    expect(pointer.writeTimeMs()).toBe(51_000)
    pointer.begin()
    pointer.end()
    expect(pointer.readTimeMs).toBe(51_000)
  })

  test('reads slots again after the clock was set back, without what they held', () => {
    const { world, pointer } = pointerAt(50_000)
    pointer.moveTo(60_000)
    world.now = 55_500
    world.logEnd = 520
    expect(pointer.writeTimeMs()).toBe(55_000)
    world.logEnd = 572
    expect(pointer.readTimeMs).toBe(55_000)
    expect(pointer.fromPos).toBe(520)
    pointer.moveTo(59_000)
    expect(pointer.fromPos).toBe(520)
    pointer.moveTo(60_000)
    expect(pointer.fromPos).toBe(0)
  })

  test('finishes the slot it reads before it goes back', () => {
    const { world, pointer } = pointerAt(50_000)
    pointer.moveTo(60_000)
    world.now = 70_000
    pointer.begin()
    pointer.delivered(100)
    world.now = 58_000
    world.logEnd = 520
    pointer.writeTimeMs()
    world.logEnd = 624
    pointer.writeTimeMs()
    expect(pointer.readTimeMs).toBe(58_000)
    expect(pointer.fromPos).toBe(520)
    pointer.end()
    expect(pointer.readTimeMs).toBe(58_000)
    pointer.moveTo(60_000)
    expect(pointer.fromPos).toBe(520)
    pointer.moveTo(61_000)
    expect(pointer.fromPos).toBe(0)
  })

  test('knows what a slot that broke off still holds', () => {
    const { pointer } = pointerAt(50_000, 208)
    expect(pointer.fromPos).toBe(208)
    pointer.begin()
    pointer.delivered(312)
    expect(pointer.fromPos).toBe(312)
    pointer.breakOff()
    expect(pointer.readTimeMs).toBe(50_000)
    expect(pointer.fromPos).toBe(312)
    pointer.begin()
    pointer.end()
    expect(pointer.readTimeMs).toBe(51_000)
    expect(pointer.fromPos).toBe(0)
  })
})
