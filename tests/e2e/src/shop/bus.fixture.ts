import { RetryLaterException } from '@rockhopper/nestjs'
import { OutboxEvent } from '@rockhopper/nestjs/typeorm'
import { MoreThan } from 'typeorm'
import type { Random } from './random.fixture.js'
import {
  Crash,
  type CrashPoint,
  type Route,
  SERVICES,
  type ServiceName,
  type World,
} from './world.fixture.js'

interface Delivery {
  readonly route: Route
  readonly body: string
}

export interface BusRates {
  /** Of every place where a service may die. */
  readonly crash: number
  /** Of a message that is published again, handled and not acknowledged, or simply delivered twice. */
  readonly duplicate: number
  /** Deliveries handled at the same time, at most. */
  readonly concurrency: number
}

const STEPS_MAX = 200_000

/**
 * A broker that keeps its promise and no more: everything arrives at least once. Order is random, across
 * groups and within them, and whatever may come twice does so now and then.
 */
export class Bus {
  crashes = 0
  readonly #random: Random
  readonly #rates: BusRates
  readonly #pending: Delivery[] = []
  readonly #actions: (() => Promise<unknown>)[] = []
  readonly #unsent: Record<ServiceName, OutboxEvent[]> = {
    order: [],
    inventory: [],
    payment: [],
    notification: [],
  }

  /** Highest id of an outbox that was looked at. */
  readonly #seen = new Map<ServiceName, number>()

  constructor(random: Random, rates: BusRates) {
    this.#random = random
    this.#rates = rates
  }

  maybeCrash = (point: CrashPoint, rate = this.#rates.crash): void => {
    if (!this.#random.chance(rate)) return
    this.crashes++
    throw new Crash(point)
  }

  /** Something a customer does at some time, again when the service dies of it. */
  later(action: () => Promise<unknown>): void {
    this.#actions.push(action)
  }

  /** Delivers until nothing is left to publish, handle or acknowledge. */
  async run(world: World): Promise<void> {
    for (const service of SERVICES) await this.#refresh(world, service)
    for (let step = 0; step < STEPS_MAX; step++) {
      const unsent = SERVICES.reduce((sum, service) => sum + this.#unsent[service].length, 0)
      const { decided, undecided } = world.halves
      const choices = [
        { count: unsent, run: () => this.#publish(world) },
        { count: decided.length, run: async () => this.#route(world, this.#random.take(decided)) },
        { count: undecided.length, run: () => world.halves.ask(this.#random.take(undecided)) },
        { count: this.#pending.length, run: () => this.#deliver(world) },
        { count: this.#actions.length, run: () => this.#act(world) },
      ]
      const total = choices.reduce((sum, { count }) => sum + count, 0)
      if (total === 0) return
      // Everything that can happen is equally likely to happen next.
      let left = this.#random.below(total)
      for (const { count, run } of choices) {
        if (left >= 0 && left < count) await run()
        left -= count
      }
    }
    throw new Error(`still busy after ${STEPS_MAX} steps`)
  }

  async #publish(world: World): Promise<void> {
    const service = this.#random.take(SERVICES.filter((name) => this.#unsent[name].length > 0))
    const event = this.#random.take(this.#unsent[service])
    this.#route(world, event)
    if (this.#random.chance(this.#rates.duplicate)) this.#unsent[service].push(event)
    else await world.databases[service].getRepository(OutboxEvent).update({ id: event.id }, { sentAt: 1 })
  }

  #route(world: World, event: Pick<OutboxEvent, 'topic' | 'tag' | 'body'>): void {
    for (const route of world.routes) {
      if (route.topic === event.topic && route.tag === event.tag)
        this.#pending.push({ route, body: event.body })
    }
  }

  async #act(world: World): Promise<void> {
    const action = this.#random.take(this.#actions)
    try {
      await action()
    } catch (error) {
      if (!(error instanceof Crash)) throw error
      this.#actions.push(action)
    }
    await this.#refresh(world, 'order')
  }

  async #deliver(world: World): Promise<void> {
    const count = Math.min(1 + this.#random.below(this.#rates.concurrency), this.#pending.length)
    const chosen = Array.from({ length: count }, () => this.#random.take(this.#pending))
    await Promise.all(chosen.map((delivery) => this.#handle(delivery)))
    for (const service of new Set(chosen.map(({ route }) => route.service)))
      await this.#refresh(world, service)
  }

  async #handle(delivery: Delivery): Promise<void> {
    try {
      await delivery.route.handle(JSON.parse(delivery.body))
    } catch (error) {
      if (!(error instanceof Crash) && !(error instanceof RetryLaterException)) throw error
      this.#pending.push(delivery)
      return
    }
    if (this.#random.chance(this.#rates.duplicate)) this.#pending.push(delivery)
  }

  /** What the service decided on since the last look. */
  async #refresh(world: World, service: ServiceName): Promise<void> {
    const seen = this.#seen.get(service) ?? 0
    const rows = world.databases[service].getRepository(OutboxEvent)
    const added = await rows.find({ where: { id: MoreThan(seen) }, order: { id: 'ASC' } })
    this.#seen.set(service, added.at(-1)?.id ?? seen)
    this.#unsent[service].push(...added)
  }
}
