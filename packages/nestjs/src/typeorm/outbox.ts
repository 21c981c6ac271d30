import { randomUUID } from 'node:crypto'
import type { Clock } from '@rockhopper/env'
import type { EntityManager, QueryRunner } from 'typeorm'
import { RocketMQSetupError } from '../exceptions.js'
import { parseDestination, type RocketMQPattern } from '../pattern.js'
import { OutboxEvent } from './outbox-event.js'
import { systemClock } from './system-clock.js'

/** An event to be sent after the transaction committed. */
export interface NewOutboxEvent {
  /** Where it goes: `'order_topic:created'`. */
  readonly pattern: RocketMQPattern
  /** Becomes the JSON body. */
  readonly data: unknown
  /** Events of one aggregate (an order id) reach the broker in the order they were added, in one queue. */
  readonly aggregateId?: string
  /** Index keys; a key holds no space. */
  readonly keys?: readonly string[]
  readonly properties?: Readonly<Record<string, string>>
  /** Level 1 to 18 of the broker's delays. */
  readonly delayLevel?: number
}

/** Property of a sent event: its `eventId`. */
export const EVENT_ID = 'rockhopper-event-id'

/** Runners whose open transaction added events. */
const added = new WeakSet<QueryRunner>()

/** Writes events beside the change they tell of. Sending is the relay's business. */
export class Outbox {
  readonly #clock: Pick<Clock, 'now'>
  readonly #properties: () => Readonly<Record<string, string>>

  /** @param properties those of every event, when it is added; its own go over them. */
  constructor(
    clock: Pick<Clock, 'now'> = systemClock(),
    properties: () => Readonly<Record<string, string>> = () => ({}),
  ) {
    this.#clock = clock
    this.#properties = properties
  }

  /**
   * Adds an event to the transaction of `manager`: it is sent if and only if that commits. Resolves with its
   * event id.
   * @throws RocketMQSetupError outside a transaction, or for a pattern that is no destination.
   */
  async add(manager: EntityManager, event: NewOutboxEvent): Promise<string> {
    const runner = manager.queryRunner
    if (runner?.isTransactionActive !== true) {
      throw new RocketMQSetupError(
        'Outbox.add wants the manager of a transaction: dataSource.transaction((manager) => …)',
      )
    }
    const { topic, tag } = parseDestination(event.pattern)
    const body = JSON.stringify(event.data)
    if (body === undefined)
      throw new RocketMQSetupError(`the data of an event to '${topic}' has no JSON form`)
    const properties = { ...this.#properties(), ...event.properties }
    const now = this.#clock.now()
    const eventId = randomUUID()
    await manager.insert(OutboxEvent, {
      eventId,
      topic,
      tag: tag ?? null,
      keys: event.keys === undefined ? null : [...event.keys],
      properties: Object.keys(properties).length === 0 ? null : properties,
      body,
      aggregateId: event.aggregateId ?? null,
      delayLevel: event.delayLevel ?? null,
      createdAt: now,
      nextAttemptAt: now,
    })
    added.add(runner)
    return eventId
  }
}

/** Whether the transaction that just committed on this runner added events; forgets it. */
export const takeAdded = (runner: QueryRunner): boolean => added.delete(runner)
