import { expect, test } from '@jest/globals'
import { VirtualClock } from '@rockhopper/sim'
import { TurnTime } from './turn-time.js'

test('work goes on at once until it has held the loop for five ms, then others have their turn', async () => {
  const clock = new VirtualClock()
  let turns = 0
  const steps: number[] = []
  const everyTurn = (): void => {
    turns++
    if (steps.length < 10) clock.endOfTurn(everyTurn)
  }
  clock.endOfTurn(everyTurn)
  const work = async (): Promise<void> => {
    const turn = new TurnTime(ticking(clock))
    for (let i = 0; i < 10; i++) {
      await turn.pause()
      steps.push(turns)
    }
  }
  await clock.until(work())
  // 2 ms a look: each third step comes a turn later.
  expect(steps[1]).toBe(0)
  expect(new Set(steps).size).toBeGreaterThan(2)
})

/** Each look at it finds 2 ms gone. */
function ticking(clock: VirtualClock) {
  let looks = 0
  return {
    now: () => clock.now(),
    monotonic: () => clock.monotonic() + 2 * looks++,
    after: clock.after.bind(clock),
    endOfTurn: clock.endOfTurn.bind(clock),
  }
}
