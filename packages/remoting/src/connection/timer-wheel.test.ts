import { describe, expect, test } from '@jest/globals'
import { seededRandom } from '../protocol/seeded-random.fixture.js'
import { ManualClock } from './manual-clock.fixture.js'
import { TimerWheel } from './timer-wheel.js'

describe('TimerWheel', () => {
  test('never runs early, at most a tick and a half late, and not after a cancel', async () => {
    const random = seededRandom()
    const clock = new ManualClock()
    const wheel = new TimerWheel(clock)
    let waiting = 0
    for (let i = 0; i < 2_000; i++) {
      const due = clock.monotonic() + random.below(25_000)
      const isCancelled = random.below(4) === 0
      if (!isCancelled) waiting++
      const cancel = wheel.after(due - clock.monotonic(), () => {
        waiting--
        if (isCancelled) throw new Error('ran after its cancel')
        const late = clock.monotonic() - due
        if (late < 0 || late > 40) throw new Error(`ran ${late} ms late`)
      })
      if (isCancelled) {
        cancel()
        cancel()
      }
      if (random.below(100) === 0) await clock.advance(random.below(200))
    }
    await clock.advance(26_000)
    expect(waiting).toBe(0)
    expect(clock.timerCount).toBe(0)
  }, 20_000)

  test('an idle wheel holds no timer', async () => {
    const clock = new ManualClock()
    const wheel = new TimerWheel(clock)
    const cancel = wheel.after(60_000, () => {})
    expect(clock.timerCount).toBe(1)
    cancel()
    expect(clock.timerCount).toBe(0)
  })

  test('a callback may set the next timer', async () => {
    const clock = new ManualClock()
    const wheel = new TimerWheel(clock)
    const ran: number[] = []
    const again = () => {
      ran.push(clock.monotonic())
      if (ran.length < 3) wheel.after(100, again)
    }
    wheel.after(100, again)
    await clock.advance(1_000)
    expect(ran.length).toBe(3)
  })
})
