import type { BrokerConfig } from './config.js'
import type { WriteGate } from './parts.js'

/** Closed for a slave, and from the moment the broker begins to stop. */
export class BrokerWriteGate implements WriteGate {
  readonly #config: BrokerConfig
  #stopping = false

  constructor(config: BrokerConfig) {
    this.#config = config
  }

  refusal(): string | undefined {
    if (this.#stopping) return 'service not available now: the broker stops'
    if (this.#config.brokerRole === 'SLAVE')
      return 'service not available now: messages are not put to a slave'
    return undefined
  }

  close(): void {
    this.#stopping = true
  }
}
