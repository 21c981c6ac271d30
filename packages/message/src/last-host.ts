import { isIpv6, putHost } from './host.js'
import type { HostAddress } from './message.js'

/**
 * The bytes of the host that was asked for last: records come in runs from one connection, and the broker's
 * own address is in all of them.
 */
export class LastHost {
  #host: HostAddress | undefined
  #bytes = new Uint8Array(0)
  #ipv6 = false
  /** Told by `put`: a size may be asked of an address that cannot be written. */
  #encoded = false

  get ipv6(): boolean {
    return this.#ipv6
  }

  of(host: HostAddress): this {
    if (host === this.#host) return this
    this.#host = host
    this.#ipv6 = isIpv6(host)
    this.#encoded = false
    return this
  }

  /** Writes address and port; returns the position behind. Throws MqError ADDRESS_ILLEGAL. */
  put(into: Uint8Array, at: number): number {
    if (!this.#encoded) this.#encode(this.#host as HostAddress)
    const bytes = this.#bytes
    for (let i = 0; i < bytes.length; i++) into[at + i] = bytes[i] as number
    return at + bytes.length
  }

  #encode(host: HostAddress): void {
    const bytes = new Uint8Array(this.#ipv6 ? 20 : 8)
    putHost(bytes, 0, host)
    this.#bytes = bytes
    this.#encoded = true
  }
}
