import type { ServerRocketMQ, UnwrappedServer } from './server.js'
import { errorText } from './verdict.js'

/** What terminus calls a HealthIndicatorResult; it takes functions that return one. */
export type RocketMQHealth<Key extends string = string> = Record<
  Key,
  { readonly status: 'up' | 'down' | 'degraded' } & Readonly<Record<string, unknown>>
>

export interface ReadinessOptions {
  /** More messages than this left to a group in all make it `degraded`. Default: no limit. */
  readonly lagMax?: number
  /** More than this make it `down`. Default: no limit. */
  readonly lagDownAt?: number
  /**
   * No answer to a pull of some queue for longer than this, ms, makes it `degraded`: its broker does not
   * answer, or its handlers do not keep up. Idle queues are answered every 15 s. Default: no limit.
   */
  readonly pollAgeMaxMs?: number
  /** Terminus before 12 leaves a `degraded` result out: `up` says it so, with `isDegraded: true`. */
  readonly degradedAs?: 'degraded' | 'up'
  /** How long the cluster may take to answer; default 3,000. */
  readonly timeoutMs?: number
}

/** Something else that an application needs of its cluster; never rejects. */
export type HealthPart = () => Promise<RocketMQHealth<'part'>>

const TIMEOUT_MS = 3_000

/**
 * Health of a server: `liveness` looks only at this process, so that an orchestrator does not restart it
 * because a broker is down; `readiness` asks the cluster. Both give what `@nestjs/terminus` takes:
 * `health.check([() => rocketmq.readiness('rocketmq', { lagMax: 10_000 })])`. Neither rejects.
 */
export class RocketMQHealthIndicator {
  readonly #server: ServerRocketMQ
  readonly #parts = new Map<string, HealthPart>()

  constructor(server: ServerRocketMQ) {
    this.#server = server
  }

  /**
   * Makes something part of `readiness`, which is as well as the worst of all, with `parts: { name: … }`.
   * `RocketMQTransactionsModule`, and a client with the option `transactions`, do so of themselves.
   */
  include(name: string, part: HealthPart): this {
    this.#parts.set(name, part)
    return this
  }

  /** Down when the server was closed, or a group has stopped without it. */
  async liveness<Key extends string>(key: Key): Promise<RocketMQHealth<Key>> {
    const groups = this.#server.groups()
    const status = this.#server.currentStatus()
    const stopped = groups.filter(({ state }) => state === 'stopped').map(({ group }) => group)
    const isUp = status !== 'closed' && stopped.length === 0
    return healthResult(key, isUp ? 'up' : 'down', { connection: status, ...(isUp ? {} : { stopped }) })
  }

  /**
   * Down when no name server answers, a topic has no route, a lag is above `lagDownAt`, or a part is down.
   */
  async readiness<Key extends string>(
    key: Key,
    options: ReadinessOptions = {},
  ): Promise<RocketMQHealth<Key>> {
    const whole = await this.#serverReadiness('part', options)
    if (this.#parts.size === 0) return healthOf(key, whole.part)
    const asked = [...this.#parts].map(async ([name, part]) => [name, (await part()).part] as const)
    const parts = Object.fromEntries(await Promise.all(asked))
    return healthOf(key, { ...whole.part, ...worst(whole.part, Object.values(parts), options), parts })
  }

  async #serverReadiness<Key extends string>(
    key: Key,
    { lagMax, lagDownAt, pollAgeMaxMs, degradedAs = 'degraded', timeoutMs = TIMEOUT_MS }: ReadinessOptions,
  ): Promise<RocketMQHealth<Key>> {
    const connection = this.#server.currentStatus()
    const groups = this.#server.groups()
    if (connection === undefined || groups.some(({ state }) => state === 'starting'))
      return healthResult(key, 'down', { connection, message: 'the server has not started yet' })
    if (connection === 'closed' || connection === 'draining' || connection === 'disconnected')
      return healthResult(key, 'down', { connection, message: `the server is ${connection}` })
    try {
      const lag = await within(timeoutMs, this.#lag())
      const most = Math.max(0, ...Object.values(lag))
      const paused = groups.filter(({ state }) => state === 'paused').map(({ group }) => group)
      const isDown = lagDownAt !== undefined && most > lagDownAt
      const pollAge = Math.max(0, ...groups.map(({ sinceLastPollMs = 0 }) => sinceLastPollMs))
      const isLagging = lagMax !== undefined && most > lagMax
      const isSilent = pollAgeMaxMs !== undefined && pollAge > pollAgeMaxMs
      const isSlow = paused.length > 0 || isLagging || isSilent
      const status = isDown ? 'down' : isSlow ? degradedAs : 'up'
      const sinceLastPollMs = Object.fromEntries(groups.map((one) => [one.group, one.sinceLastPollMs]))
      return healthResult(key, status, { connection, lag, paused, sinceLastPollMs, isDegraded: isSlow })
    } catch (error) {
      return healthResult(key, 'down', { connection, message: errorText(error) })
    }
  }

  /** Messages left to each group, over all topics. It fails without a route or a broker. */
  async #lag(): Promise<Record<string, number>> {
    const { admin } = this.#server.unwrap<UnwrappedServer>()
    const lags = this.#server.groups().map(async ({ group, topics }) => {
      await Promise.all(topics.map((topic) => admin.topicRoute(topic)))
      const { offsetTable } = await admin.consumerProgress(group)
      const left = offsetTable.map(([, row]) => Math.max(0, row.brokerOffset - row.consumerOffset))
      return [group, left.reduce((sum, one) => sum + one, 0)] as const
    })
    return Object.fromEntries(await Promise.all(lags))
  }
}

type Health = RocketMQHealth<'part'>['part']

const healthOf = <Key extends string>(key: Key, health: Health): RocketMQHealth<Key> =>
  ({ [key]: health }) as RocketMQHealth<Key>

/** The status that parts leave of that of the server. */
function worst(
  whole: Health,
  parts: readonly Health[],
  { degradedAs = 'degraded' }: ReadinessOptions,
): Partial<Health> {
  if (parts.some(({ status }) => status === 'down')) return { status: 'down' }
  if (whole.status === 'down' || parts.every(({ status }) => status === 'up')) return {}
  return { status: degradedAs, isDegraded: true }
}

/** What terminus takes. */
export function healthResult<Key extends string>(
  key: Key,
  status: 'up' | 'down' | 'degraded',
  details: Readonly<Record<string, unknown>>,
): RocketMQHealth<Key> {
  return { [key]: { status, ...details } } as RocketMQHealth<Key>
}

function within<T>(timeoutMs: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = new Error(`no answer from the cluster within ${timeoutMs} ms`)
    const timer = setTimeout(() => reject(late), timeoutMs)
    work.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
