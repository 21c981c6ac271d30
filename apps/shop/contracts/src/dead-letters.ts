import {
  ConflictException,
  Inject,
  Injectable,
  NotFoundException,
  type OnModuleDestroy,
  ServiceUnavailableException,
} from '@nestjs/common'
import { Admin, type MessageView, PullConsumer } from '@rockhopper/client'
import { dlqTopic, isMqError, Property } from '@rockhopper/message'
import { DEAD_LETTER } from '@rockhopper/nestjs'
import type { ServiceSettings } from '@rockhopper/service'
import { DataSource } from 'typeorm'
import type { DeadLetter } from './dead-letter.js'
import { ResentRow } from './resent-row.js'
import { reportStep } from './step.js'

export const SERVICE_SETTINGS = Symbol('SERVICE_SETTINGS')
export const OWN_GROUPS = Symbol('OWN_GROUPS')

/** Of each group, the newest. */
const SHOWN_MAX = 64
const BODY_MAX = 2_000
const TIMES = { requestTimeoutMs: 2_000, connectTimeoutMs: 1_000 }

interface Clients {
  readonly admin: Admin
  readonly reader: PullConsumer
}

/**
 * The dead letters of this service's own groups, and a way to handle them after all: an instance of the
 * service is asked to consume the message once more, as RocketMQ's dashboard does it (code 309). Other groups
 * that handled it long ago do not hear of it again.
 */
@Injectable()
export class DeadLetters implements OnModuleDestroy {
  #clients: Clients | undefined

  constructor(
    @Inject(DataSource) private readonly database: DataSource,
    @Inject(SERVICE_SETTINGS) private readonly settings: Pick<ServiceSettings, 'namesrvAddr' | 'service'>,
    @Inject(OWN_GROUPS) private readonly groups: readonly string[],
  ) {}

  async onModuleDestroy(): Promise<void> {
    await Promise.all([this.#clients?.admin.shutdown(), this.#clients?.reader.shutdown()])
  }

  /** Newest first. @throws ServiceUnavailableException when the broker does not answer. */
  async list(): Promise<DeadLetter[]> {
    const found = await Promise.all(this.groups.map((group) => this.#of(group)))
    const resent = await this.database.getRepository(ResentRow).find()
    const at = new Map(resent.map((row) => [row.id, row.at]))
    return found
      .flat()
      .map(({ group, message }) => letterOf(group, message, at.get(message.offsetMessageId)))
      .sort((a, b) => b.at - a.at)
  }

  /**
   * Resolves when the handler did its work.
   * @throws ConflictException with the reason when it failed again; the message stays a dead letter.
   */
  async resend(group: string, id: string): Promise<{ readonly id: string }> {
    const found = this.groups.includes(group) ? await this.#of(group) : []
    const letter = found.find(({ message }) => message.offsetMessageId === id)
    if (letter === undefined) throw new NotFoundException(`no dead letter '${id}' of '${group}'`)
    const { message } = letter
    const origin = message.properties[Property.ORIGIN_MESSAGE_ID] ?? id
    const { admin } = await this.#connected()
    const members = await this.#ask(() => admin.consumerClientIds(group))
    const [member] = members
    if (member === undefined) throw new ConflictException(`nobody of '${group}' is there to handle it`)
    const answer = await this.#ask(() => admin.consumeMessageDirectly(group, member, origin))
    if (answer.consumeResult !== 'CR_SUCCESS')
      throw new ConflictException(`it failed again: ${answer.remark ?? 'its steps say why'}`)
    await this.database
      .getRepository(ResentRow)
      .createQueryBuilder()
      .insert()
      .values({ id, at: new Date().toISOString() })
      .orIgnore()
      .execute()
    const { service } = this.settings
    reportStep({ service, what: 'state', orderId: message.keys[0], words: `dead letter of ${group} resent` })
    return { id }
  }

  async #of(group: string): Promise<{ group: string; message: MessageView }[]> {
    const { reader } = await this.#connected()
    const topic = dlqTopic(group)
    const queues = await this.#ask(() => reader.messageQueues(topic)).catch((error: unknown) => {
      // The queue is made with its first letter.
      if (isMqError((error as Error).cause, 'ROUTE_NOT_FOUND')) return []
      throw error
    })
    const read = queues.map(async (queue) => {
      const [min, max] = await this.#ask(() =>
        Promise.all([reader.minOffset(queue), reader.maxOffset(queue)]),
      )
      const messages: MessageView[] = []
      for (let next = Math.max(min, max - SHOWN_MAX); next < max; ) {
        const from = next
        const pulled = await this.#ask(() => reader.pull(queue, from))
        messages.push(...pulled.messages)
        if (pulled.nextQueueOffset <= from) break
        next = pulled.nextQueueOffset
      }
      return messages
    })
    return (await Promise.all(read)).flat().map((message) => ({ group, message }))
  }

  async #ask<T>(question: () => Promise<T>): Promise<T> {
    try {
      return await question()
    } catch (cause) {
      if (!isMqError(cause)) throw cause
      throw new ServiceUnavailableException(`the broker did not answer (${cause.code}): try again`, { cause })
    }
  }

  /** Connected at the first question. */
  async #connected(): Promise<Clients> {
    if (this.#clients !== undefined) return this.#clients
    const { namesrvAddr } = this.settings
    const [consumerGroup = ''] = this.groups
    const admin = new Admin({ namesrvAddr, ...TIMES })
    const reader = new PullConsumer({ namesrvAddr, consumerGroup, ...TIMES })
    this.#clients = { admin, reader }
    await Promise.all([admin.start(), reader.start()])
    return this.#clients
  }
}

function letterOf(group: string, message: MessageView, resentAt = ''): DeadLetter {
  const { body, keys, offsetMessageId, properties, reconsumeTimes, storeTimestamp, tag } = message
  const topic = properties[Property.RETRY_TOPIC] ?? message.topic
  return {
    id: offsetMessageId,
    group,
    pattern: tag === undefined ? topic : `${topic}:${tag}`,
    key: keys[0] ?? '',
    body: Buffer.from(body).toString().slice(0, BODY_MAX),
    reason: properties[DEAD_LETTER.reason] ?? '',
    deliveries: reconsumeTimes,
    at: storeTimestamp,
    resentAt,
  }
}
