import { setTimeout as delay } from 'node:timers/promises'
import { Producer } from '@rockhopper/client'
import { createNodeEnv } from '@rockhopper/env'
import type { ClientProgram, ConsumeOptions } from './clients.js'
import type { Cluster } from './cluster.js'
import type { Program } from './program.js'
import type { ReceivedLine } from './received.js'
import { createTopic } from './topics.js'

const POLL_MS = 250
const DEADLINE_MS = 900_000
const silent = (): void => undefined
const QUIET = createNodeEnv({ log: { info: silent, warn: silent, error: silent } })

interface Member {
  readonly program: Program
  alive: boolean
}

export interface Verdict {
  readonly sent: number
  /** Places (queue/offset) that nobody received. */
  readonly skipped: string[]
  /** Deliveries beyond the first of each place. */
  readonly repeated: number
  /** Of those, at places in queues that only ever had one member, or of one message at two places. */
  readonly unexplained: string[]
}

/** Members of one group on any clients, and a producer that sends to every queue all the time. */
export class GroupUnderLoad {
  readonly #cluster: Cluster
  readonly #topic: string
  readonly #queues: number
  readonly #producer: Producer
  readonly #members: Member[] = []
  /** Body to place, as the broker told the producer. */
  readonly #sent = new Map<string, string>()
  #count = 0
  #sending = true
  #load: Promise<void> = Promise.resolve()

  constructor(cluster: Cluster, topic: string, queues: number) {
    this.#cluster = cluster
    this.#topic = topic
    this.#queues = queues
    const { nameserver: namesrvAddr } = cluster
    this.#producer = new Producer({ namesrvAddr, producerGroup: `${topic}-load`, env: QUIET })
  }

  async start(pauseMs: number): Promise<void> {
    await createTopic(this.#cluster, this.#topic, this.#queues)
    await this.#producer.start()
    this.#load = (async () => {
      while (this.#sending) {
        await this.#round()
        await delay(pauseMs)
      }
    })()
  }

  async join(client: ClientProgram, more: Partial<ConsumeOptions> = {}): Promise<void> {
    const { nameserver } = this.#cluster
    const group = `${this.#topic}-group`
    const options = { nameserver, topic: this.#topic, group, deadlineMs: DEADLINE_MS, ...more }
    this.#members.push({ program: await client.consume(options), alive: true })
  }

  /** By the order in which the members joined. */
  async kill(at: number): Promise<void> {
    const member = this.#members[at]
    if (member === undefined) throw new Error(`no member ${at}`)
    await member.program.kill('SIGKILL')
    member.alive = false
  }

  /**
   * Until two rounds of messages came from all queues, each from one member, the members' shares even.
   * Resolves with the ms until the first message of a queue that came last; rejects when the time is over.
   */
  async split(timeoutMs: number): Promise<number> {
    const startedAt = performance.now()
    let whole: number | undefined
    let even = 0
    let last = ''
    while (performance.now() - startedAt < timeoutMs) {
      const round = await this.#round()
      await delay(POLL_MS * 4)
      const owners = round.map((body) => this.#receivers(body))
      if (owners.every((each) => each.length > 0)) whole ??= performance.now() - startedAt
      last = owners.map((each, queueId) => `${queueId}: ${each.join('+') || 'none'}`).join(', ')
      even = this.#isEven(owners) ? even + 1 : 0
      if (even === 2) return Math.round(whole ?? 0)
    }
    const who = this.#members.map(({ program }) => program.report()).join('\n')
    throw new Error(`queues are not at one member each: ${last}\n${who}`)
  }

  /** Ends the load, waits for what was sent, and compares. */
  async verdict(timeoutMs: number): Promise<Verdict> {
    this.#sending = false
    await this.#load
    const deadline = performance.now() + timeoutMs
    let received = this.#received()
    while (this.#skipped(received).length > 0 && performance.now() < deadline) {
      await delay(POLL_MS)
      received = this.#received()
    }
    const places = [...received.values()]
    const membersOf = new Map<number, Set<number>>()
    for (const [place, by] of received) {
      const queueId = Number(place.split('/')[0])
      const members = membersOf.get(queueId) ?? new Set()
      for (const member of by) members.add(member)
      membersOf.set(queueId, members)
    }
    const stayed = (place: string) => (membersOf.get(Number(place.split('/')[0]))?.size ?? 0) < 2
    const repeats = [...received].filter(([, by]) => by.length > 1)
    return {
      sent: this.#sent.size,
      skipped: this.#skipped(received),
      repeated: places.reduce((sum, by) => sum + by.length - 1, 0),
      unexplained: [
        ...repeats.filter(([place]) => stayed(place)).map(([place, by]) => `${place} by ${by.join()}`),
        ...this.#elsewhere(),
      ],
    }
  }

  async stop(): Promise<void> {
    this.#sending = false
    await this.#load
    await Promise.all(this.#members.map(({ program }) => program.kill('SIGKILL')))
    await this.#producer.shutdown()
  }

  /** One message to each queue. Returns their bodies, in the order of the queues. */
  async #round(): Promise<string[]> {
    const { brokerName } = this.#cluster.broker
    const queueIds = Array.from({ length: this.#queues }, (_, queueId) => queueId)
    return Promise.all(
      queueIds.map(async (queueId) => {
        const body = `m${this.#count++}`
        const queue = { topic: this.#topic, brokerName, queueId }
        const { queueOffset } = await this.#producer.send({ topic: this.#topic, body }, { queue })
        this.#sent.set(body, `${queueId}/${queueOffset}`)
        return body
      }),
    )
  }

  #receivers(body: string): number[] {
    return this.#members.flatMap(({ program }, at) => {
      const lines = program.of('received') as ReceivedLine[]
      // The latest are at the end.
      return lines.slice(-5_000).some(({ text }) => text === body) ? [at] : []
    })
  }

  #isEven(owners: readonly (readonly number[])[]): boolean {
    if (!owners.every((each) => each.length === 1)) return false
    const living = this.#members.flatMap(({ alive }, at) => (alive ? [at] : []))
    const shares = living.map((at) => owners.filter(([owner]) => owner === at).length)
    return Math.max(...shares) - Math.min(...shares) <= 1
  }

  /** Place to the members that received it, once for each time. */
  #received(): Map<string, number[]> {
    const places = new Map<string, number[]>()
    for (const [at, { program }] of this.#members.entries()) {
      for (const { queueId, queueOffset } of program.of('received') as ReceivedLine[]) {
        const place = `${queueId}/${queueOffset}`
        places.set(place, [...(places.get(place) ?? []), at])
      }
    }
    return places
  }

  #skipped(received: ReadonlyMap<string, unknown>): string[] {
    return [...this.#sent.values()].filter((place) => !received.has(place))
  }

  /** Messages that came from a place where nobody put them. */
  #elsewhere(): string[] {
    const lines = this.#members.flatMap(({ program }) => program.of('received') as ReceivedLine[])
    return lines
      .filter(({ queueId, queueOffset, text }) => this.#sent.get(text ?? '') !== `${queueId}/${queueOffset}`)
      .map(({ queueId, queueOffset, text }) => `${text} at ${queueId}/${queueOffset}`)
  }
}
