import { expect, test } from '@jest/globals'
import { VirtualClock } from '@rockhopper/sim'
import { SyncGroup } from './sync-group.js'

/** A sync of 4 ms ended that released `released` bytes while `waiting` were there for the next. */
function after(released: number, waiting: number) {
  const clock = new VirtualClock()
  clock.skip(100)
  const group = new SyncGroup(clock)
  group.ended(4, released, waiting)
  return { clock, group }
}

test('a group is complete when the senders that were answered have sent again', () => {
  const { clock, group } = after(50, 50)
  expect(group.holdMs(50)).toBe(4)
  clock.skip(1)
  expect(group.holdMs(80)).toBe(3)
  expect(group.holdMs(90)).toBe(0)
})

test('a group waits no longer than a sync takes', () => {
  const { clock, group } = after(50, 50)
  clock.skip(3)
  expect(group.holdMs(60)).toBe(1)
  clock.skip(1)
  expect(group.holdMs(60)).toBe(0)
})

test('a sender that is alone never waits', () => {
  const { group } = after(1_000, 0)
  expect(group.holdMs(1_000)).toBe(0)
})

test('before anything was synced nothing waits', () => {
  expect(new SyncGroup(new VirtualClock()).holdMs(1)).toBe(0)
})

test('after waiting in vain the next groups start at once, more each time, until one is complete', () => {
  const { clock, group } = after(50, 50)
  const startedAtOnce = (): number => {
    for (let count = 0; ; count++) {
      if (group.holdMs(50) > 0) return count
      group.ended(4, 50, 50)
    }
  }
  const waitInVain = () => {
    clock.skip(5)
    expect(group.holdMs(50)).toBe(0)
    group.ended(4, 50, 50)
  }
  const counts: number[] = []
  for (let i = 0; i < 9; i++) {
    waitInVain()
    counts.push(startedAtOnce())
  }
  expect(counts).toEqual([1, 2, 4, 8, 16, 32, 64, 64, 64])
  expect(group.holdMs(100)).toBe(0)
  group.ended(4, 50, 50)
  expect(group.holdMs(50)).toBeGreaterThan(0)
  waitInVain()
  expect(startedAtOnce()).toBe(1)
})
