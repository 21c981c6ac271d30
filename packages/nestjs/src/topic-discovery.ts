import type { Env } from '@rockhopper/env'
import type { NativeAdmin } from './native.js'
import type { GroupPlan } from './routes.js'

const REFRESH_MS = 30_000

/** Topics of the system: retries, dead letters, schedules, and what brokers register of themselves. */
const SYSTEM_TOPIC =
  /^(%|rmq_sys_|RMQ_SYS_|SCHEDULE_TOPIC_|TBW102$|OFFSET_MOVED_EVENT$|SELF_TEST_TOPIC$|BenchmarkTest$)/

interface Subscriber {
  readonly plan: GroupPlan
  subscribe(topic: string): void
}

/** Looks for topics that match the regular expressions of handlers: at the start, then again and again. */
export class TopicDiscovery {
  readonly #env: Env
  readonly #admin: NativeAdmin
  readonly #groups: readonly Subscriber[]
  readonly #refreshMs: number
  #cancel: () => void = () => undefined
  #looking: Promise<void> | undefined
  #stopped = false

  constructor(env: Env, admin: NativeAdmin, groups: readonly Subscriber[], refreshMs: number = REFRESH_MS) {
    this.#env = env
    this.#admin = admin
    this.#groups = groups.filter(({ plan }) => plan.topicPatterns.length > 0)
    this.#refreshMs = refreshMs
  }

  /** Resolves after the first look. */
  start(): Promise<void> {
    this.#looking = this.#look()
    return this.#looking
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#cancel()
    await this.#looking
  }

  /** Never rejects: a list that cannot be had now is asked for again. */
  async #look(): Promise<void> {
    if (this.#groups.length === 0) return
    try {
      const topics = (await this.#admin.topicList()).filter((topic) => !SYSTEM_TOPIC.test(topic))
      for (const group of this.#groups) {
        const matches = (topic: string) => group.plan.topicPatterns.some((one) => one.test(topic))
        for (const topic of topics.filter(matches)) group.subscribe(topic)
      }
    } catch (error) {
      this.#env.log.warn('nestjs.topics.notListed', { error })
    }
    if (this.#stopped) return
    this.#cancel = this.#env.clock.after(this.#refreshMs, () => {
      this.#looking = this.#look()
    })
  }
}
