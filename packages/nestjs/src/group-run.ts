import { isMqError } from '@rockhopper/message'
import type { Connection } from './connection.js'
import { createGroupConsumer, type HandleMessage, startGroupConsumer } from './group-consumer.js'
import type { NativeConsumer } from './native.js'
import type { RocketMQServerOptions } from './options.js'
import type { GroupPlan } from './routes.js'
import { RunningCalls } from './running-calls.js'

/** For giving messages back and the last commit of offsets, behind the time that handlers have. */
const HAND_BACK_MS = 3_000
/** Between two starts of a consumer while no name server answers. */
const START_RETRY_MS = 1_000

type State = 'held' | 'starting' | 'running' | 'paused' | 'stopped'

/** The consumer of one group, from its making to its end. */
export class GroupRun {
  readonly plan: GroupPlan
  readonly consumer: NativeConsumer
  readonly #connection: Connection
  readonly #handle: HandleMessage
  /** Whether a missing name server is waited for in the background. */
  readonly #startsLate: boolean
  readonly #topics: Set<string>
  readonly #calls = new RunningCalls()
  #state: State = 'held'
  #paused = false
  #stopping = false
  #starting: Promise<void> | undefined
  #late: Promise<void> | undefined
  #endPause: () => void = () => undefined

  constructor(
    connection: Connection,
    plan: GroupPlan,
    options: RocketMQServerOptions,
    handle: HandleMessage,
  ) {
    this.plan = plan
    this.consumer = createGroupConsumer(connection, plan, options)
    this.#connection = connection
    this.#handle = handle
    this.#startsLate = options.connectAttempts === 0
    this.#topics = new Set(plan.subscriptions.keys())
  }

  get state(): State {
    return this.#state
  }

  get topics(): readonly string[] {
    return [...this.#topics]
  }

  /** Handler calls that run now; those of a batch that waits for more count. */
  get running(): number {
    return this.#calls.count
  }

  /** Starts, unless the group waits for `resume(group)`. Rejects when the consumer cannot start. */
  async start(): Promise<void> {
    if (this.plan.extras.autoStart === false) return
    await this.#start()
  }

  pause(): void {
    this.#paused = true
    if (this.#starting === undefined || this.#stopping) return
    this.consumer.suspend()
    if (this.#state === 'running') this.#state = 'paused'
  }

  /** `byName`: also starts a group with `autoStart: false`. */
  async resume(byName: boolean): Promise<void> {
    this.#paused = false
    if (this.#stopping) return
    if (this.#starting === undefined && byName) return this.#start()
    if (this.#starting === undefined) return
    this.consumer.resume()
    if (this.#state === 'paused') this.#state = 'running'
  }

  /** A topic that appeared and matches a regular expression of the group. */
  subscribe(topic: string): void {
    if (this.#topics.has(topic)) return
    this.#topics.add(topic)
    this.consumer.subscribe(topic, '*')
  }

  /** Ends the pauses between late starts; nothing starts from here on. */
  cancelStart(): void {
    this.#stopping = true
    this.#endPause()
  }

  /** Handlers have `timeoutMs` to end; what runs then goes back to the broker, for another member. */
  async stop(timeoutMs: number): Promise<void> {
    this.cancelStart()
    await this.#late
    if (this.#starting !== undefined) {
      await Promise.allSettled([this.#starting])
      const { clock, log } = this.#connection.env
      const cancel = clock.after(timeoutMs, () => {
        if (this.running > 0)
          log.warn('nestjs.shutdown.unfinished', { group: this.plan.group, running: this.running, timeoutMs })
        this.#calls.giveUp()
      })
      await this.consumer.shutdown({ timeoutMs: timeoutMs + HAND_BACK_MS })
      cancel()
    }
    this.#state = 'stopped'
  }

  #start(): Promise<void> {
    this.#starting ??= this.#startNow()
    return this.#starting
  }

  /**
   * With `connectAttempts: 0` nobody waits for a name server: a consumer without one starts when it is there.
   */
  async #startNow(): Promise<void> {
    if (this.#stopping) return
    this.#state = 'starting'
    try {
      await this.#begin()
    } catch (error) {
      if (!this.#startsLate || !isMqError(error, 'NAME_SERVER_UNREACHABLE')) throw error
      this.#late = this.#startLater()
    }
  }

  async #begin(): Promise<void> {
    if (this.#paused) this.consumer.suspend()
    await startGroupConsumer(this.consumer, this.plan, this.#handle, this.#calls)
    this.#state = this.#paused ? 'paused' : 'running'
  }

  /** Never rejects: who started the server has gone on. */
  async #startLater(): Promise<void> {
    const { clock, log } = this.#connection.env
    while (!this.#stopping) {
      await new Promise<void>((resolve) => {
        const cancel = clock.after(START_RETRY_MS, resolve)
        this.#endPause = () => {
          cancel()
          resolve()
        }
      })
      if (this.#stopping) return
      try {
        return await this.#begin()
      } catch (error) {
        if (isMqError(error, 'NAME_SERVER_UNREACHABLE')) continue
        log.error('nestjs.consumer.notStarted', { group: this.plan.group, error })
        return
      }
    }
  }
}
