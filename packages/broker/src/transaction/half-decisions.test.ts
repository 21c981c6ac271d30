import { expect, test } from '@jest/globals'
import { HalfDecisions } from './half-decisions.js'

function decisions() {
  const noted: number[] = []
  return { noted, half: new HalfDecisions((queueOffset) => void noted.push(queueOffset)) }
}

test('a decision that could not be stored leaves the half message open', () => {
  const { half, noted } = decisions()
  half.begin(4)?.giveUp()
  expect(half.stateOf(4)).toBe('open')
  half.begin(4)?.done()
  expect(half.stateOf(4)).toBe('decided')
  expect(half.begin(4)).toBeUndefined()
  expect(noted).toEqual([4])
})

test('a decision waits while the half message is stored again, and counts for its new place', async () => {
  const { half, noted } = decisions()
  let stored: (place: { queueOffset: number; physicalOffset: number }) => void = () => undefined
  const renewing = half.renew(4, new Promise((resolve) => void (stored = resolve)))
  let isSettled = false
  const settled = half.settledPlace(4).then(() => void (isSettled = true))
  await Promise.resolve()
  expect(isSettled).toBe(false)
  stored({ queueOffset: 9, physicalOffset: 900 })
  await renewing
  await settled
  const decision = half.begin(4)
  expect(decision?.place).toEqual({ queueOffset: 9, physicalOffset: 900 })
  expect(half.stateOf(9)).toBe('deciding')
  expect(noted).toEqual([4])
  decision?.done()
  expect(noted).toEqual([4, 9])
  for (const offset of [4, 9]) expect(half.begin(offset)).toBeUndefined()
})

test('a half message that could not be stored again is decided where it is', async () => {
  const { half, noted } = decisions()
  expect(await half.renew(4, Promise.resolve(undefined))).toBeUndefined()
  half.begin(4)?.done()
  expect(noted).toEqual([4])
})

test('what lies below the progress is settled unless it is known to have been stored again', async () => {
  const { half } = decisions()
  half.startAt(3)
  expect(half.begin(2)).toBeUndefined()
  await half.renew(3, Promise.resolve({ queueOffset: 7, physicalOffset: 70 }))
  half.advance(4)
  expect(half.begin(3)?.place?.queueOffset).toBe(7)
})

test('loaded decisions below the progress are not kept', () => {
  const { half } = decisions()
  half.startAt(3)
  half.load(2)
  half.load(5)
  expect([half.stateOf(2), half.stateOf(5)]).toEqual(['open', 'decided'])
  half.advance(6)
  expect(half.stateOf(5)).toBe('open')
  expect(half.begin(5)).toBeUndefined()
})
