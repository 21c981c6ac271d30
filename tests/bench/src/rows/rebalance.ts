import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Producer } from '@rockhopper/client'
import { brokerWithTopic } from '../broker-topic.js'
import type { Subject } from './row.js'
import type { Sizes } from './sizes.js'

const [TOPIC, GROUP] = ['Shared', 'bench-rebalance']
const QUEUES = 16
const MEMBERS = 3
/** Between two rounds of one message to each queue: as exact as the times can be. */
const PROBE_MS = 25
/** Rounds that stay as they are, so that it is not the moment between two changes. */
const STEADY_ROUNDS = 8
const GIVE_UP_MS = 90_000
const PROGRAM = fileURLToPath(new URL('../../dist/rows/member-process.js', import.meta.url))

interface Receipt {
  readonly member: Member
  readonly queueId: number
  readonly at: number
}

/** From when a member begins or is killed until every queue is consumed by one member, the shares even. */
export async function rebalance(subject: Subject, _sizes: Sizes) {
  await brokerWithTopic(subject.nameserver, TOPIC, QUEUES)
  const probes = new Probes(subject.nameserver)
  const members: Member[] = []
  try {
    for (let i = 0; i <= MEMBERS; i++) members.push(await Member.spawned(subject.nameserver, probes))
    const [joiner, ...first] = members
    if (joiner === undefined) throw new Error('no member')
    await probes.start()
    for (const member of first) member.begin()
    await probes.settled(performance.now(), first)
    const joinMs = await probes.settled(joiner.begin(), members)
    const [victim, ...left] = members.toReversed()
    const killMs = await probes.settled(victim?.kill() ?? 0, left)
    return { joinMs, killMs }
  } finally {
    for (const member of members) member.kill()
    await probes.stop()
  }
}

class Member {
  readonly #child: ChildProcess

  static spawned(nameserver: string, probes: Probes): Promise<Member> {
    const args = [PROGRAM, nameserver, TOPIC, GROUP]
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    const member = new Member(child)
    return new Promise((resolve, reject) => {
      child.once('close', () => reject(new Error('a member of the group ended')))
      createInterface({ input: child.stdout }).on('line', (line) => {
        const [queueId, probe] = line.split(' ').map(Number)
        if (line === 'waiting') resolve(member)
        else probes.received(probe ?? 0, { member, queueId: queueId ?? 0, at: performance.now() })
      })
    })
  }

  constructor(child: ChildProcess) {
    this.#child = child
  }

  /** @returns when. */
  begin(): number {
    this.#child.stdin?.write('begin\n')
    return performance.now()
  }

  /** As a crash would. @returns when. */
  kill(): number {
    this.#child.kill('SIGKILL')
    return performance.now()
  }
}

/** Sends a message to each queue in short turns, and knows who received it. */
class Probes {
  readonly #producer: Producer
  readonly #receipts: Receipt[][] = []
  #sending = true
  #loop: Promise<void> = Promise.resolve()

  constructor(nameserver: string) {
    this.#producer = new Producer({ namesrvAddr: nameserver, producerGroup: `${GROUP}-probes` })
  }

  async start(): Promise<void> {
    await this.#producer.start()
    this.#loop = this.#sendAll()
    // Who waits for it may be busy; what it fails with comes out at `stop`.
    this.#loop.catch(() => undefined)
  }

  async stop(): Promise<void> {
    this.#sending = false
    await this.#loop
    await this.#producer.shutdown()
  }

  received(probe: number, receipt: Receipt): void {
    this.#receipts[probe]?.push(receipt)
  }

  /** Milliseconds from `since` until the last queue was consumed by its one owner among `members`. */
  async settled(since: number, members: readonly Member[]): Promise<number> {
    const first = this.#receipts.length
    for (const giveUp = performance.now() + GIVE_UP_MS; performance.now() < giveUp; await sleep(PROBE_MS)) {
      for (let probe = first; probe + STEADY_ROUNDS <= this.#receipts.length; probe++) {
        const rounds = this.#receipts.slice(probe, probe + STEADY_ROUNDS)
        if (!rounds.every((round) => isEven(round, members))) continue
        return Math.max(...(rounds[0] ?? []).map(({ at }) => at)) - since
      }
    }
    const last = this.#receipts.at(-STEADY_ROUNDS)?.map(({ queueId, member }) => {
      return `${queueId}: ${members.indexOf(member)}`
    })
    throw new Error(`queues are not shared out evenly in ${GIVE_UP_MS} ms: ${last?.join(', ')}`)
  }

  async #sendAll(): Promise<void> {
    const brokerName = await this.#brokerName()
    for (; this.#sending; await sleep(PROBE_MS)) {
      const probe = this.#receipts.push([]) - 1
      const queueIds = Array.from({ length: QUEUES }, (_, queueId) => queueId)
      await Promise.all(
        queueIds.map((queueId) =>
          this.#producer.send(
            { topic: TOPIC, body: String(probe) },
            { queue: { topic: TOPIC, brokerName, queueId } },
          ),
        ),
      )
    }
  }

  async #brokerName(): Promise<string> {
    const { queue } = await this.#producer.send({ topic: TOPIC, body: '-1' })
    return queue.brokerName
  }
}

/** Each queue's message came once, to one of the members, and no two members differ by more than a queue. */
function isEven(receipts: readonly Receipt[], members: readonly Member[]): boolean {
  if (receipts.length !== QUEUES || new Set(receipts.map(({ queueId }) => queueId)).size !== QUEUES) {
    return false
  }
  const shares = members.map((member) => receipts.filter((one) => one.member === member).length)
  return (
    shares.reduce((sum, share) => sum + share) === QUEUES && Math.max(...shares) - Math.min(...shares) <= 1
  )
}
