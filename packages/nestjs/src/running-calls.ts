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
  async run(canGoBack: boolean, work: () => Promise<Verdict>): Promise<Verdict> {
    if (this.#isOver && canGoBack) return HANDED_BACK
    let giveUp: () => void = () => undefined
    const givenUp = new Promise<Verdict>((resolve) => {
      giveUp = () => canGoBack && resolve(HANDED_BACK)
    })
    this.#giveUps.add(giveUp)
    try {
      return await Promise.race([work(), givenUp])
    } finally {
      this.#giveUps.delete(giveUp)
    }
  }

  /** Hands back what runs, and what would begin. */
  giveUp(): void {
    this.#isOver = true
    for (const giveUp of [...this.#giveUps]) giveUp()
  }
}
