import { type DynamicModule, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common'
import { Admin } from '@rockhopper/client'

/** A topic, and how many queues it gets. */
export interface TopicPlan {
  readonly topic: string
  readonly queues: number
}

const REQUEST_TIMEOUT_MS = 1_000
const RETRY_MS = 2_000

/**
 * Makes the topics that are missing, before anybody listens: a consumer that starts on an unknown topic
 * learns of it half a minute later. Without a broker the service starts all the same, and this goes on
 * trying.
 */
export function topicCreation(namesrvAddr: string, topics: readonly TopicPlan[]): DynamicModule {
  const creation = new TopicCreation(namesrvAddr, topics)
  return {
    module: class TopicsModule {},
    providers: [{ provide: TopicCreation, useValue: creation }],
  }
}

class TopicCreation implements OnModuleInit, OnModuleDestroy {
  readonly #logger = new Logger(TopicCreation.name)
  #timer: NodeJS.Timeout | undefined
  #stopped = false
  #running: Promise<void> = Promise.resolve()

  constructor(
    private readonly namesrvAddr: string,
    private readonly topics: readonly TopicPlan[],
  ) {}

  onModuleInit(): Promise<void> {
    this.#running = this.#try()
    return this.#running
  }

  async onModuleDestroy(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    await this.#running
  }

  async #try(): Promise<void> {
    try {
      await createMissingTopics(this.namesrvAddr, this.topics)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      this.#logger.warn(`topics not made yet, trying again in ${RETRY_MS} ms: ${reason}`)
      if (this.#stopped) return
      this.#timer = setTimeout(() => {
        this.#running = this.#try()
      }, RETRY_MS)
    }
  }
}

/** Rejects when no name server or broker answers. */
export async function createMissingTopics(namesrvAddr: string, topics: readonly TopicPlan[]): Promise<void> {
  const times = { requestTimeoutMs: REQUEST_TIMEOUT_MS, connectTimeoutMs: REQUEST_TIMEOUT_MS }
  const admin = new Admin({ namesrvAddr, ...times })
  await admin.start()
  try {
    const known = new Set(await admin.topicList())
    const missing = topics.filter(({ topic }) => !known.has(topic))
    await Promise.all(missing.map(({ topic, queues }) => admin.createTopic(topic, { queues })))
  } finally {
    await admin.shutdown()
  }
}
