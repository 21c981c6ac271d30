import type { Cancel, Clock, Log } from '@rockhopper/env'
import { isMqError } from '@rockhopper/message'
import type { RemotingClient } from '@rockhopper/remoting'

/** Pause after a failed registration; doubles up to the period. */
const RETRY_FIRST_MS = 1_000
const UNREGISTER_TIMEOUT_MS = 3_000

/**
 * What is told to name servers: the header, and the whole topic table (remoting.md sections 16.1 and 16.2).
 */
export interface RegistrationPayload {
  readonly header: {
    readonly brokerName: string
    readonly brokerAddr: string
    readonly clusterName: string
    readonly haServerAddr: string
    readonly brokerId: number
    readonly bodyCrc32: number
    readonly compressed: boolean
    readonly enableActingMaster: boolean
  }
  readonly body: Buffer
}

export interface RegistrationParts {
  readonly clock: Clock
  readonly log: Log
  readonly client: RemotingClient
  readonly addresses: readonly string[]
  readonly periodMs: number
  readonly timeoutMs: number
  readonly payload: () => RegistrationPayload
}

/**
 * Keeps this broker known at every name server: at once after a change, each period, and again after a
 * failure.
 */
export class Registration {
  readonly #links: NameServerLink[]

  constructor(parts: RegistrationParts) {
    this.#links = parts.addresses.map((address) => new NameServerLink(parts, address))
  }

  /** Resolves when each name server has answered or failed once; never rejects. */
  async register(): Promise<void> {
    await Promise.all(this.#links.map((link) => link.register()))
  }

  /** Name servers that forget the broker only after their timeout are no reason to fail. */
  async stop(): Promise<void> {
    await Promise.all(this.#links.map((link) => link.stop()))
  }
}

/**
 * One name server. One registration is under way at a time: a newer table never loses against an older one.
 */
class NameServerLink {
  readonly #parts: RegistrationParts
  readonly #address: string
  #running: Promise<void> | undefined
  #next: Promise<void> | undefined
  #cancel: Cancel | undefined
  #retryMs = RETRY_FIRST_MS
  #registered = false
  readonly #abort = new AbortController()

  constructor(parts: RegistrationParts, address: string) {
    this.#parts = parts
    this.#address = address
  }

  get #isStopped(): boolean {
    return this.#abort.signal.aborted
  }

  register(): Promise<void> {
    if (this.#isStopped) return Promise.resolve()
    if (this.#running === undefined) return this.#begin()
    this.#next ??= this.#running.then(() => {
      this.#next = undefined
      return this.#isStopped ? undefined : this.#begin()
    })
    return this.#next
  }

  async stop(): Promise<void> {
    this.#abort.abort()
    this.#cancel?.()
    await this.#running
    if (!this.#registered) return
    const { client, log, payload } = this.#parts
    const { brokerName, brokerAddr, clusterName, brokerId } = payload().header
    const header = { brokerName, brokerAddr, clusterName, brokerId }
    try {
      await client.invoke(this.#address, 'UNREGISTER_BROKER', header, undefined, {
        timeoutMs: UNREGISTER_TIMEOUT_MS,
      })
    } catch (error) {
      if (!isMqError(error)) throw error
      log.warn('UNREGISTER_FAILED', { nameServer: this.#address, error })
    }
  }

  #begin(): Promise<void> {
    this.#cancel?.()
    this.#running = this.#attempt().then((waitMs) => {
      this.#running = undefined
      if (!this.#isStopped) this.#cancel = this.#parts.clock.after(waitMs, () => void this.register())
    })
    return this.#running
  }

  /** Returns the pause until the next registration. */
  async #attempt(): Promise<number> {
    const { client, log, payload, periodMs, timeoutMs } = this.#parts
    try {
      const { header, body } = payload()
      const { code, remark } = await client.invoke(this.#address, 'REGISTER_BROKER', header, body, {
        timeoutMs,
        signal: this.#abort.signal,
      })
      if (code === 0) {
        this.#registered = true
        this.#retryMs = RETRY_FIRST_MS
        return periodMs
      }
      log.warn('REGISTER_REFUSED', { nameServer: this.#address, code, remark })
    } catch (error) {
      if (!isMqError(error)) throw error
      if (!this.#isStopped) log.warn('REGISTER_FAILED', { nameServer: this.#address, error })
    }
    const waitMs = this.#retryMs
    this.#retryMs = Math.min(periodMs, this.#retryMs * 2)
    return waitMs
  }
}
