import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { Admin } from '@rockhopper/client'
import { ClientRocketMQ } from '@rockhopper/nestjs'
import { EmbeddedRocketMQ } from '@rockhopper/testing'
import { until } from '../service.fixture.js'
import { type Notes, notesOf, sorted } from './journal.fixture.js'

const QUEUES = 8
const PER_INSTANCE = 500
const script = fileURLToPath(new URL('../../../dist/nestjs/shutdown/instance.js', import.meta.url))

let directory: string
let journal: string
let mq: EmbeddedRocketMQ
let client: ClientRocketMQ
let children: ChildProcess[]

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'rockhopper-sigterm-'))
  journal = join(directory, 'journal')
  children = []
  mq = await EmbeddedRocketMQ.start({ topics: [{ topic: 'order_topic', queues: QUEUES }] })
  client = new ClientRocketMQ({ namesrvAddr: mq.nameserverAddress })
})

afterEach(async () => {
  for (const child of children) child.kill('SIGKILL')
  await client.close()
  await mq.stop()
  rmSync(directory, { recursive: true, force: true })
})

/** Ends the last instance; nothing is left for another one. All notes, sorted. */
async function endOf(last: ChildProcess): Promise<Notes> {
  const gone = once(last, 'exit')
  last.kill('SIGTERM')
  await gone
  const admin = new Admin({ namesrvAddr: mq.nameserverAddress })
  await admin.start()
  const { offsetTable } = await admin.consumerProgress('slow')
  await admin.shutdown()
  const left = offsetTable.filter(([, { brokerOffset, consumerOffset }]) => brokerOffset !== consumerOffset)
  expect([offsetTable.length >= QUEUES, left]).toEqual([true, []])
  const { begun, ended } = notesOf(journal)
  return { begun: sorted(begun), ended: sorted(ended) }
}

interface Instance {
  readonly process: ChildProcess
  queues: number
}

async function startInstance(name: string, shutdownTimeoutMs: number): Promise<Instance> {
  const args = [script, mq.nameserverAddress, journal, name, String(shutdownTimeoutMs)]
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    env: { ...process.env, NODE_OPTIONS: '' },
  })
  children.push(child)
  const instance: Instance = { process: child, queues: 0 }
  child.on('message', ({ queues }: { queues: number }) => {
    instance.queues = queues
  })
  if (child.stdout !== null) await once(createInterface({ input: child.stdout }), 'line')
  return instance
}

/** Two instances share the queues, and both run as many handlers as they may. */
async function startBoth(shutdownTimeoutMs: number) {
  writeFileSync(journal, '')
  const one = await startInstance('one', shutdownTimeoutMs)
  const two = await startInstance('two', shutdownTimeoutMs)
  await until('the queues are shared out', () => one.queues === QUEUES / 2 && two.queues === QUEUES / 2)
  // One after the other: the producer goes round the queues.
  for (let n = 0; n < 2 * PER_INSTANCE; n++) await client.publish('order_topic', n)
  await until('all handlers run', () => notesOf(journal).begun.length === 2 * PER_INSTANCE)
  const running = notesOf(journal, 'one').begun
  expect(new Set(running).size).toBe(PER_INSTANCE)
  return { one: one.process, two: two.process, running }
}

function shuffle(numbers: readonly number[]): number[] {
  const seed = Math.floor(Math.random() * 2 ** 31)
  console.log(`shuffled with seed ${seed}`)
  let state = seed
  const next = () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff
    return state
  }
  return numbers
    .map((n) => [next(), n] as const)
    .sort(([a], [b]) => a - b)
    .map(([, n]) => n)
}

const all = Array.from({ length: 2 * PER_INSTANCE }, (_, n) => n)

describe('SIGTERM while 500 handlers run', () => {
  // B52, B53
  test('those that end in time are not repeated, and nothing is lost', async () => {
    const { one, two, running } = await startBoth(60_000)
    const gone = once(one, 'exit')
    one.kill('SIGTERM')
    // All of it is handled while the instance goes down: a message that came now would be a new one.
    one.send({ finish: running })
    await gone
    expect(sorted(notesOf(journal, 'one').ended)).toEqual(sorted(running))
    two.send({ finish: 'all' })
    await until('the other one ends, too', () => notesOf(journal).ended.length >= all.length)
    expect(await endOf(two)).toEqual({ begun: all, ended: all })
  }, 60_000)

  // B52, B53
  test('what did not end is handled by another instance, and nothing that did', async () => {
    const { one, two, running } = await startBoth(1_500)
    const shuffled = shuffle(running)
    const [stuck, fine] = [shuffled.slice(0, 100), shuffled.slice(100)]
    const gone = once(one, 'exit')
    one.kill('SIGTERM')
    one.send({ finish: fine })
    two.send({ finish: 'all' })
    await gone
    await until('the other one ends all', () => notesOf(journal).ended.length >= all.length)
    const { begun, ended } = await endOf(two)
    expect(ended).toEqual(all)
    expect(begun).toEqual(sorted([...all, ...stuck]))
    expect(sorted(notesOf(journal, 'one').ended)).toEqual(sorted(fine))
  }, 60_000)
})
