import type { Verdict } from './verdict.js'

const HANDED_BACK: Verdict = { kind: 'retry', delayMs: 0, reason: 'still running when the server closed' }

/** One listener call: a message and who waits for what becomes of it. */
export interface RunningCall {
  /** False: its verdict is waited for without end. */
  readonly canGoBack: boolean
  settle(verdict: Verdict): void
}

/** The listener calls of one group that run now, so that a server that closes can stop to wait for them. */
export class RunningCalls {
  readonly #calls = new Set<RunningCall>()
  #isOver = false

  get count(): number {
    return this.#calls.size
  }

  /** Whether the work may begin. Once `giveUp` was called the message goes back to the broker instead. */
  begin(call: RunningCall): boolean {
    if (this.#isOver && call.canGoBack) {
      call.settle(HANDED_BACK)
      return false
    }
    this.#calls.add(call)
    return true
  }

  /** The verdict of the work. It counts once, and not at all after the call was given up. */
  end(call: RunningCall, verdict: Verdict): void {
    if (this.#calls.delete(call)) call.settle(verdict)
  }

  /** Hands back what runs, and what would begin. */
  giveUp(): void {
    this.#isOver = true
    for (const call of [...this.#calls]) if (call.canGoBack) this.end(call, HANDED_BACK)
  }
}
