import type { Cancel, Clock } from '../env.js'

/** setTimeout takes a signed 32-bit delay; longer ones are reached in steps. */
const TIMEOUT_MAX_MS = 2_147_483_647

export function createNodeClock(): Clock {
  let turn: (() => void)[] = []

  function runTurn(): void {
    const callbacks = turn
    turn = []
    for (let i = 0; i < callbacks.length; i++) {
      try {
        callbacks[i]?.()
      } catch (error) {
        // One caller's failure must not cost the others their turn: they run in the next one.
        turn = [...callbacks.slice(i + 1), ...turn]
        if (turn.length > 0) setImmediate(runTurn)
        throw error
      }
    }
  }

  return {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    after,
    endOfTurn(run) {
      if (turn.length === 0) setImmediate(runTurn)
      turn.push(run)
    },
  }
}

function after(delayMs: number, run: () => void): Cancel {
  const due = performance.now() + delayMs
  let timer: NodeJS.Timeout
  const arm = (): void => {
    const left = due - performance.now()
    timer = setTimeout(fire, Math.min(TIMEOUT_MAX_MS, Math.max(0, Math.ceil(left))))
  }
  const fire = (): void => {
    // A timer may fire up to a millisecond early; "not before" is promised.
    if (performance.now() < due) arm()
    else run()
  }
  arm()
  return () => clearTimeout(timer)
}
