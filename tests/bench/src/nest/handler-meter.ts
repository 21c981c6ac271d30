/** What one run measured, over the invocations behind the warm-up. */
export interface HandlerRate {
  readonly invocationsPerS: number
  /** User and system time of the process that runs the handler, for one invocation. */
  readonly cpuUsPerInvocation: number
}

/** The handler of every side: counts its calls, and the time and CPU from the last one of the warm-up on. */
export class HandlerMeter {
  readonly measured: Promise<HandlerRate>
  readonly #warmUp: number
  readonly #count: number
  #calls = 0
  #startedAt = 0
  #cpuAtStart = process.cpuUsage()
  #resolve: (rate: HandlerRate) => void = () => undefined

  constructor({ warmUp, count }: { readonly warmUp: number; readonly count: number }) {
    this.#warmUp = warmUp
    this.#count = count
    this.measured = new Promise((resolve) => {
      this.#resolve = resolve
    })
  }

  /** What a service would do with an order is not ours to measure. */
  readonly handle = (order: { readonly id: string }): void => {
    if (typeof order.id !== 'string') throw new TypeError('a payload that is no order')
    this.#calls += 1
    if (this.#calls === this.#warmUp) {
      this.#startedAt = performance.now()
      this.#cpuAtStart = process.cpuUsage()
    }
    if (this.#calls === this.#count) this.#end()
  }

  #end(): void {
    const calls = this.#count - this.#warmUp
    const { user, system } = process.cpuUsage(this.#cpuAtStart)
    const seconds = (performance.now() - this.#startedAt) / 1_000
    this.#resolve({ invocationsPerS: calls / seconds, cpuUsPerInvocation: (user + system) / calls })
  }
}
