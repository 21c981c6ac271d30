import type { Cancel, Clock, Log } from '@rockhopper/env'
import { isMqError } from '@rockhopper/message'
import { DataVersion, type RemotingClient } from '@rockhopper/remoting'

/** Pause after a failed registration; doubles up to the period. */
const RETRY_FIRST_MS = 1_000
const UNREGISTER_TIMEOUT_MS = 3_000

/** What is told to name servers: the header, and topics (remoting.md sections 16.1 and 16.2). */
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
  readonly dataVersion: DataVersion
}

export interface RegistrationParts {
  readonly clock: Clock
  readonly log: Log
  readonly client: RemotingClient
  readonly addresses: readonly string[]
  readonly periodMs: number
  readonly timeoutMs: number
  /** The whole topic table, or what is new in it since a version; the table too when that is not known. */
  readonly payload: (since?: DataVersion) => RegistrationPayload
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
    await Promise.all(this.#links.map((link) => link.register(true)))
  }

  /**
   * As `register`, after topics changed: a name server that still has what it was told last is told only of
   * those. With the whole table for each change 10,000 topics, made by sending, took minutes.
   */
  async registerChanges(): Promise<void> {
    await Promise.all(this.#links.map((link) => link.register(false)))
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
  /** What it was told last; undefined before it took anything. */
  #told: DataVersion | undefined
  #nextWhole = false
  readonly #abort = new AbortController()

  constructor(parts: RegistrationParts, address: string) {
    this.#parts = parts
    this.#address = address
  }

  get #isStopped(): boolean {
    return this.#abort.signal.aborted
  }

  register(whole: boolean): Promise<void> {
    if (this.#isStopped) return Promise.resolve()
    if (this.#running === undefined) return this.#begin(whole)
    this.#nextWhole ||= whole
    this.#next ??= this.#running.then(() => {
      const nextWhole = this.#nextWhole
      this.#next = undefined
      this.#nextWhole = false
      return this.#isStopped ? undefined : this.#begin(nextWhole)
    })
    return this.#next
  }

  async stop(): Promise<void> {
    this.#abort.abort()
    this.#cancel?.()
    await this.#running
    if (this.#told === undefined) return
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

  #begin(whole: boolean): Promise<void> {
    this.#cancel?.()
    this.#running = this.#attempt(whole).then((waitMs) => {
      this.#running = undefined
      if (!this.#isStopped) this.#cancel = this.#parts.clock.after(waitMs, () => void this.register(true))
    })
    return this.#running
  }

  /** Returns the pause until the next registration. */
  async #attempt(whole: boolean): Promise<number> {
    const { client, log, payload, periodMs, timeoutMs } = this.#parts
    const options = { timeoutMs, signal: this.#abort.signal }
    try {
      const since = !whole && (await this.#hasWhatItWasTold()) ? this.#told : undefined
      const { header, body, dataVersion } = payload(since)
      const { code, remark } = await client.invoke(this.#address, 'REGISTER_BROKER', header, body, options)
      if (code === 0) {
        this.#told = dataVersion
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

  /** One that was restarted, or forgot this broker, must be told of all topics. */
  async #hasWhatItWasTold(): Promise<boolean> {
    const told = this.#told
    if (told === undefined) return false
    const { client, payload, timeoutMs } = this.#parts
    const { brokerName, brokerAddr, clusterName, brokerId } = payload(told).header
    const header = { brokerName, brokerAddr, clusterName, brokerId }
    const options = { timeoutMs, signal: this.#abort.signal }
    const answer = await client.invoke(
      this.#address,
      'QUERY_DATA_VERSION',
      header,
      DataVersion.encode(told),
      options,
    )
    return answer.code === 0 && !answer.header.changed
  }
}
