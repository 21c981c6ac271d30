import type { Verdict } from './verdict.js'

const HANDED_BACK: Verdict = { kind: 'retry', delayMs: 0, reason: 'still running when the server closed' }

interface Call {
  readonly canGoBack: boolean
  readonly resolve: (verdict: Verdict) => void
}

/** The listener calls of one group that run now, so that a server that closes can stop to wait for them. */
export class RunningCalls {
  readonly #calls = new Set<Call>()
  #isOver = false

  get count(): number {
    return this.#calls.size
  }

  /**
   * The verdict of `work`; or, once `giveUp` was called, that the message goes back to the broker. What work
   * says later counts for nothing. `canGoBack` false: its verdict is waited for without end.
   */
  run(canGoBack: boolean, work: () => Promise<Verdict>): Promise<Verdict> {
    if (this.#isOver && canGoBack) return Promise.resolve(HANDED_BACK)
    return new Promise((resolve, reject) => {
      const call: Call = { canGoBack, resolve }
      this.#calls.add(call)
      work().then(
        (verdict) => {
          this.#calls.delete(call)
          resolve(verdict)
        },
        (error: unknown) => {
          this.#calls.delete(call)
          reject(error)
        },
      )
    })
  }

  /** Hands back what runs, and what would begin. */
  giveUp(): void {
    this.#isOver = true
    for (const call of [...this.#calls]) {
      if (!call.canGoBack) continue
      this.#calls.delete(call)
      call.resolve(HANDED_BACK)
    }
  }
}
