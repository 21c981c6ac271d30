import { type DynamicModule, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common'
import { Admin } from '@rockhopper/client'
import { type ServiceSettings, SettingsError } from './settings.js'

/** A topic, how many queues it gets on each broker, and Apache's `message.type` where it says something. */
export interface TopicPlan {
  readonly topic: string
  readonly queues: number
  readonly type?: 'FIFO' | 'DELAY' | 'TRANSACTION'
}

/** What the services of one system need of the broker; the same is in `file`, for who runs them. */
export interface TopicsPlan {
  /** From the root of the repository: `apps/shop/topics.yaml`. */
  readonly file: string
  readonly topics: readonly TopicPlan[]
  readonly groups: readonly string[]
}

const REQUEST_TIMEOUT_MS = 1_000
const RETRY_MS = 2_000
const READ_AND_WRITE = 6

/**
 * Looks for the topics and groups of the plan before anybody listens: a consumer that starts on an unknown
 * topic learns of it half a minute later. What is missing ends the start with the command that makes it;
 * with ROCKHOPPER_TOPICS=create, for demos and tests, it is made. Without a broker the service starts all
 * the same, and this goes on trying.
 */
export function declaredTopics(settings: ServiceSettings, plan: TopicsPlan): DynamicModule {
  const declared = new DeclaredTopics(settings, plan)
  return {
    module: class TopicsModule {},
    providers: [{ provide: DeclaredTopics, useValue: declared }],
  }
}

class DeclaredTopics implements OnModuleInit, OnModuleDestroy {
  readonly #logger = new Logger(DeclaredTopics.name)
  #timer: NodeJS.Timeout | undefined
  #stopped = false
  #running: Promise<void> = Promise.resolve()

  constructor(
    private readonly settings: ServiceSettings,
    private readonly plan: TopicsPlan,
  ) {}

  /** @throws SettingsError that names what is missing and the command that makes it. */
  async onModuleInit(): Promise<void> {
    const missing = await this.#look()
    if (missing !== undefined) throw new SettingsError(missing)
  }

  async onModuleDestroy(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    await this.#running
  }

  /** What is missing, in words; undefined when nothing is, or when nobody could be asked yet. */
  async #look(): Promise<string | undefined> {
    try {
      const missing = await settleTopics(this.settings, this.plan)
      return missing.length === 0 ? undefined : this.#words(missing)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      this.#logger.warn(`topics not looked at yet, trying again in ${RETRY_MS} ms: ${reason}`)
      this.#again()
      return undefined
    }
  }

  #again(): void {
    if (this.#stopped) return
    this.#timer = setTimeout(() => {
      this.#running = this.#look().then((missing) => {
        if (missing === undefined) return
        this.#logger.error(missing)
        this.#again()
      })
    }, RETRY_MS)
  }

  #words(missing: readonly string[]): string {
    const { namesrvAddr } = this.settings
    const command = `rockhopper topics apply -f ${this.plan.file} -n '${namesrvAddr}'`
    return `RocketMQ at ${namesrvAddr} has ${missing.join(', ')}. Run: ${command}`
  }
}

/** Makes what is missing, or says it. Rejects when no name server or broker answers. */
async function settleTopics(settings: ServiceSettings, plan: TopicsPlan): Promise<string[]> {
  const times = { requestTimeoutMs: REQUEST_TIMEOUT_MS, connectTimeoutMs: REQUEST_TIMEOUT_MS }
  const admin = new Admin({ namesrvAddr: settings.namesrvAddr, ...times })
  await admin.start()
  try {
    const topics = plan.topics.map((topic) => settleTopic(admin, topic, settings.topics))
    const groups = plan.groups.map((group) => settleGroup(admin, group, settings.topics))
    return (await Promise.all([...topics, ...groups])).flat()
  } finally {
    await admin.shutdown()
  }
}

async function settleTopic(
  admin: Admin,
  { topic, queues, type }: TopicPlan,
  mode: ServiceSettings['topics'],
): Promise<string[]> {
  const configs = [...(await admin.topicConfigs(topic)).values()]
  if (configs.every((config) => config === undefined)) {
    if (mode === 'check') return [`no topic '${topic}'`]
    await admin.createTopic(topic, {
      queues,
      ...(type === undefined ? {} : { attributes: { 'message.type': type } }),
    })
    return []
  }
  return configs.flatMap((config) => {
    if (config === undefined) return []
    const given = config.attributes.get('message.type')
    return [
      ...(config.perm === READ_AND_WRITE
        ? []
        : [`the topic '${topic}' with perm ${config.perm} instead of ${READ_AND_WRITE}`]),
      ...(given === undefined || type === undefined || given === type
        ? []
        : [`the topic '${topic}' with message.type ${given} instead of ${type}`]),
    ]
  })
}

async function settleGroup(admin: Admin, group: string, mode: ServiceSettings['topics']): Promise<string[]> {
  const configs = [...(await admin.subscriptionGroup(group)).values()]
  if (configs.every((config) => config !== undefined)) return []
  if (mode === 'check') return [`no group '${group}'`]
  await admin.updateSubscriptionGroup({ groupName: group })
  return []
}
