import type { Clock } from '@rockhopper/env'

/**
 * Watches a call on the pool from now on. What it returns ends the watch, and says whether the call was
 * still under way after `slowMs`, and two turns of the loop later. The time until its end was heard says
 * less: a loop that is busy hears of it a turn late, and would take its own work for a slow disk. Under
 * overload it went on doing so, wrote 1 MiB a turn where 2.6 were placed, and refused what it could have
 * written (docs/benchmarks.md, "What was tried").
 */
export function slowWatch(clock: Clock, slowMs: number): () => boolean {
  let isOver = false
  let isSlow = false
  const cancel = clock.after(slowMs, () =>
    clock.endOfTurn(() =>
      clock.endOfTurn(() => {
        isSlow = !isOver
      }),
    ),
  )
  return () => {
    isOver = true
    cancel()
    return isSlow
  }
}
