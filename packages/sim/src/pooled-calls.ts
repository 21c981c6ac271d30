import { type FaultDetails, Killed } from './fault-point.js'

export interface PoolHost {
  /** Takes a job and runs it later, never within `push`. */
  readonly pool: { push(job: () => void): unknown }
  /** Lets time pass within a call. */
  skip(ms: number): void
}

/** Calls that end on a pool. One that is killed or hangs never ends: nobody is left to hear of it. */
export class PooledCalls {
  readonly #host: PoolHost

  constructor(host: PoolHost) {
    this.#host = host
  }

  /** Runs `step` and, if it lets the call go on, `run`, when the pool gets to it. */
  run<T>(step: () => FaultDetails | 'hang', run: (details: FaultDetails) => T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#host.pool.push(() => {
        try {
          const details = step()
          if (details === 'hang') return
          this.stall(details)
          resolve(run(details))
        } catch (error) {
          if (!(error instanceof Killed)) reject(error)
        }
      })
    })
  }

  /** A slow call: others wait for it as for a disk that is busy. */
  stall({ slowMs }: FaultDetails): void {
    if (slowMs !== undefined) this.#host.skip(slowMs)
  }
}
