import { expect, test } from '@jest/globals'
import { VirtualClock } from '@rockhopper/sim'
import { Round } from './round.js'

async function startsOf(saveMs: number, untilMs: number): Promise<number[]> {
  const clock = new VirtualClock()
  const starts: number[] = []
  const round = new Round({
    clock,
    log: { info() {}, warn() {}, error() {} },
    code: 'test',
    intervalMs: 500,
    restTimes: 3,
    save: async () => {
      starts.push(clock.monotonic())
      await new Promise<void>((resolve) => clock.after(saveMs, resolve))
      return true
    },
    onFailed: (error) => {
      throw error
    },
  })
  // Something changes all the time.
  for (let ms = 0; ms < untilMs; ms += 10) {
    round.arm()
    await clock.pass(10)
  }
  return starts
}

test('a quick round follows the other after its interval', async () => {
  expect(await startsOf(10, 2_500)).toEqual([500, 1_010, 1_520, 2_030])
})

test('a round that takes long rests three times as long, but not for more than two minutes', async () => {
  expect(await startsOf(1_000, 9_000)).toEqual([500, 4_500, 8_500])
  expect(await startsOf(50_000, 300_000)).toEqual([500, 170_500])
})
