import { Inject, Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common'
import { Admin } from '@rockhopper/client'
import type { ServiceSettings } from './settings.js'
import { LOG_TOPICS } from './topics.js'

export const SETTINGS = Symbol('SETTINGS')

const REQUEST_TIMEOUT_MS = 1_000
const RETRY_MS = 2_000

/** Makes the pipeline's topics where they are missing. Without a broker it goes on trying. */
@Injectable()
export class TopicCreation implements OnModuleInit, OnModuleDestroy {
  readonly #logger = new Logger(TopicCreation.name)
  #timer: NodeJS.Timeout | undefined
  #stopped = false
  #running: Promise<void> = Promise.resolve()

  constructor(@Inject(SETTINGS) private readonly settings: ServiceSettings) {}

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
      await createMissingTopics(this.settings.namesrvAddr)
    } catch (error) {
      this.#logger.warn(`topics not made yet, trying again in ${RETRY_MS} ms: ${String(error)}`)
      if (this.#stopped) return
      this.#timer = setTimeout(() => {
        this.#running = this.#try()
      }, RETRY_MS)
    }
  }
}

export async function createMissingTopics(namesrvAddr: string): Promise<void> {
  const times = { requestTimeoutMs: REQUEST_TIMEOUT_MS, connectTimeoutMs: REQUEST_TIMEOUT_MS }
  const admin = new Admin({ namesrvAddr, ...times })
  await admin.start()
  try {
    const known = new Set(await admin.topicList())
    const missing = LOG_TOPICS.filter(({ topic }) => !known.has(topic))
    await Promise.all(missing.map(({ topic, queues }) => admin.createTopic(topic, { queues })))
  } finally {
    await admin.shutdown()
  }
}
