import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Admin, Producer, PullConsumer } from '@rockhopper/client'
import { createNodeEnv } from '@rockhopper/env'
import type { Bug } from '../bugs.fixture.js'
import { Calls } from './calls.js'
import { MemberProcess } from './member-process.fixture.js'
import { Server } from './server.fixture.js'

export type MemberKind = 'push' | 'pop' | 'orderly'

/** What the generator sent: its own log, whatever the system says. */
export interface Work {
  readonly id: string
  /** Attempts that fail; 1,000 for those that never succeed. */
  readonly fails: number
  readonly shardingKey?: string
}

const TOPIC = 'work'
const SENDS_MAX = 20
const SEND_PAUSE_MS = 500
const silent = (): void => undefined
const QUIET = createNodeEnv({ log: { info: silent, warn: silent, error: silent } })
const LEVELS = Array.from({ length: 18 }, () => '1s').join(' ')

/** A broker, a producer and members of one group as processes that come, go and die. */
export class WorkRun {
  readonly #kind: MemberKind
  readonly #bugs: readonly Bug[]
  readonly #directory = mkdtempSync(join(tmpdir(), 'rockhopper-work-'))
  readonly #server = new Server(this.#directory, [`messageDelayLevel=${LEVELS}`])
  readonly calls = new Calls(join(this.#directory, 'calls.sqlite'))
  readonly members: MemberProcess[] = []
  #producer: Producer | undefined
  #names = 0

  constructor(kind: MemberKind, bugs: readonly Bug[] = []) {
    this.#kind = kind
    this.#bugs = bugs
  }

  async start(queues: number): Promise<void> {
    await this.#server.start()
    const { namesrvAddr } = this.#server
    const admin = new Admin({ namesrvAddr })
    await admin.start()
    await admin.createTopic(TOPIC, { queues })
    await admin.updateSubscriptionGroup({ groupName: 'workers', retryMaxTimes: 3 })
    await admin.shutdown()
    this.#producer = new Producer({ namesrvAddr, producerGroup: 'planners', env: QUIET })
    await this.#producer.start()
  }

  async send({ fails, id, shardingKey }: Work): Promise<void> {
    const message = { topic: TOPIC, body: JSON.stringify({ fails, id }) }
    const keyed = { ...message, ...(shardingKey === undefined ? {} : { shardingKey }) }
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#producer?.send(keyed)
        return
      } catch (error) {
        // The broker restarts. What was stored all the same comes twice, right behind the first.
        if (attempt === SENDS_MAX) throw error
        await delay(SEND_PAUSE_MS)
      }
    }
  }

  /** The broker goes and comes back, with its store and without what it had in memory: locks. */
  async restartBroker(): Promise<void> {
    await this.#server.restart()
  }

  /** A new member, or one that comes back under its name. */
  async join(name = `member-${++this.#names}`): Promise<void> {
    const args = [this.#kind, this.#server.namesrvAddr, join(this.#directory, 'calls.sqlite'), name]
    this.members.push(await MemberProcess.start('member.js', args, this.#bugs))
  }

  async leave(at: number): Promise<void> {
    await this.members.splice(at, 1)[0]?.leave()
  }

  /** Returns the name of the dead. */
  async kill(at: number): Promise<string> {
    const [member] = this.members.splice(at, 1)
    await member?.kill()
    return member?.name ?? ''
  }

  /** Ids in the dead-letter topic, once per dead letter. */
  async deadLetters(): Promise<string[]> {
    const { namesrvAddr } = this.#server
    const ids: string[] = []
    const reader = new PullConsumer({ namesrvAddr, consumerGroup: 'undertaker', env: QUIET })
    await reader.start()
    try {
      const queues = await reader.messageQueues('%DLQ%workers').catch(() => [])
      for (const queue of queues) {
        const end = await reader.maxOffset(queue)
        for (let next = await reader.minOffset(queue); next < end; ) {
          const { messages, nextQueueOffset } = await reader.pull(queue, next)
          for (const { body } of messages) ids.push((JSON.parse(body.toString()) as { id: string }).id)
          if (nextQueueOffset <= next) break
          next = nextQueueOffset
        }
      }
    } finally {
      await reader.shutdown()
    }
    return ids
  }

  async stop(): Promise<void> {
    await Promise.all(this.members.splice(0).map((member) => member.kill()))
    await this.#producer?.shutdown()
    await this.#server.stop()
    this.calls.close()
    rmSync(this.#directory, { recursive: true, force: true })
  }
}
