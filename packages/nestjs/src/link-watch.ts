import type { ClientHook, RebalanceChange } from '@rockhopper/client'

/** What the links of all clients together amount to. */
export type LinkState = 'connected' | 'reconnecting' | 'rebalancing'

export interface LinkEvents {
  /** The link state may have changed. */
  changed(state: LinkState): void
  lost(owner: string, address: string): void
  found(owner: string, address: string): void
  rebalancing(change: RebalanceChange): void
}

/**
 * What the clients of one server or client know of their brokers. One broken link is told as such; only when
 * none is left is the whole `reconnecting`.
 */
export class LinkWatch {
  readonly #events: LinkEvents
  /** Whether each link stands, by its client and broker. */
  readonly #links = new Map<string, boolean>()
  /** Groups and topics whose queues change hands. */
  readonly #moving = new Set<string>()

  constructor(events: LinkEvents) {
    this.#events = events
  }

  get state(): LinkState {
    const links = [...this.#links.values()]
    if (links.length > 0 && !links.includes(true)) return 'reconnecting'
    return this.#moving.size > 0 ? 'rebalancing' : 'connected'
  }

  /** The hook for the client of `owner`: a consumer group, or a producer's. */
  hook(owner: string): ClientHook {
    const topicOf = (change: { readonly topic: string }) => `${owner} ${change.topic}`
    return {
      brokerFound: (address) => {
        const wasLost = this.#links.get(`${owner} ${address}`) === false
        this.#links.set(`${owner} ${address}`, true)
        if (wasLost) this.#events.found(owner, address)
        this.#events.changed(this.state)
      },
      brokerLost: (address) => {
        this.#links.set(`${owner} ${address}`, false)
        this.#events.lost(owner, address)
        this.#events.changed(this.state)
      },
      beforeRebalance: (change) => {
        this.#moving.add(topicOf(change))
        this.#events.rebalancing(change)
        this.#events.changed(this.state)
      },
      afterRebalance: (change) => {
        this.#moving.delete(topicOf(change))
        this.#events.changed(this.state)
      },
    }
  }
}
