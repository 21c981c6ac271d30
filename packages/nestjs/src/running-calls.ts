import type { Verdict } from './verdict.js'

const HANDED_BACK: Verdict = { kind: 'retry', delayMs: 0, reason: 'still running when the server closed' }

/** The listener calls of one group that run now, so that a server that closes can stop to wait for them. */
export class RunningCalls {
  readonly #giveUps = new Set<() => void>()
  #isOver = false

  get count(): number {
    return this.#giveUps.size
  }

  /**
   * The verdict of `work`; or, once `giveUp` was called, that the message goes back to the broker. What work
   * says later counts for nothing. `canGoBack` false: its verdict is waited for without end.
   */
  run(canGoBack: boolean, work: () => Promise<Verdict>): Promise<Verdict> {
    if (this.#isOver && canGoBack) return Promise.resolve(HANDED_BACK)
    return new Promise((resolve, reject) => {
      const end = (verdict: Verdict): void => {
        this.#giveUps.delete(giveUp)
        resolve(verdict)
      }
      const giveUp = (): void => {
        if (canGoBack) end(HANDED_BACK)
      }
      this.#giveUps.add(giveUp)
      work().then(end, (error: unknown) => {
        this.#giveUps.delete(giveUp)
        reject(error)
      })
    })
  }

  /** Hands back what runs, and what would begin. */
  giveUp(): void {
    this.#isOver = true
    for (const giveUp of [...this.#giveUps]) giveUp()
  }
}
