import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, describe, expect, test } from '@jest/globals'
import type { Bug } from '../bugs.fixture.js'
import type { Call } from './calls.js'
import { randomOf, seedOf } from './random.fixture.js'
import { WorkRun } from './work-run.fixture.js'

const LONG = process.env['ROCKHOPPER_LONG'] === '1'
const KEYS = 64
const PER_KEY = LONG ? Math.ceil(100_000 / KEYS) : 60
const QUEUES = 16
const MEMBERS_MAX = 4
const TIMEOUT_MS = LONG ? 3_600_000 : 180_000
/** Without a new effect for so long, the rest does not come. A lock outlives a dead member by 60 s. */
const QUIET_MS = 75_000
/** Longer than a lock at the broker lives. */
const PAUSE_MS = 70_000

let run: WorkRun | undefined
afterEach(async () => {
  await run?.stop()
  run = undefined
}, 60_000)

/** Every key's messages one after the other; one in twenty fails once or twice before it succeeds. */
async function sendAll(work: WorkRun, perKey: number, random: () => number): Promise<void> {
  const keys = Array.from({ length: KEYS }, (_, key) => key)
  for (let step = 0; step < perKey; step++) {
    const fails = () => (random() < 0.05 ? 1 + Math.floor(random() * 2) : 0)
    await Promise.all(
      keys.map((key) => work.send({ id: `${key}/${step}`, fails: fails(), shardingKey: `key-${key}` })),
    )
  }
}

interface Turmoil {
  joined: number
  left: number
  killed: number
  restarted: number
}

/**
 * Members join, leave, and die and come back under their name, which still has the locks of its queues; the
 * broker restarts, which has then no locks at all.
 */
async function disturb(work: WorkRun, random: () => number, ended: () => boolean): Promise<Turmoil> {
  const turmoil = { joined: 0, left: 0, killed: 0, restarted: 0 }
  // Each at least once, then as it comes.
  for (const first = [0, 0.8, 0.5, 0.99]; !ended() || first.length > 0; ) {
    const { length } = work.members
    const drawn = first.shift() ?? random()
    const at = Math.floor(random() * length)
    if (length < 2 || (drawn < 0.4 && length < MEMBERS_MAX)) {
      await work.join()
      turmoil.joined++
    } else if (drawn < 0.7) {
      await work.leave(at)
      turmoil.left++
    } else if (drawn > 0.95) {
      await work.restartBroker()
      turmoil.restarted++
    } else {
      await work.join(await work.kill(at))
      turmoil.killed++
    }
    await delay(200 + random() * 600)
  }
  return turmoil
}

/** By key, the steps in the order in which their first effect came. */
function firstEffects(calls: readonly Call[]): Map<string, number[]> {
  const byKey = new Map<string, number[]>()
  const seen = new Set<string>()
  for (const { done, id } of calls) {
    if (!done || seen.has(id)) continue
    seen.add(id)
    const [key = '', step] = id.split('/')
    const steps = byKey.get(key) ?? []
    byKey.set(key, steps)
    steps.push(Number(step))
  }
  return byKey
}

function faultsOf(calls: readonly Call[], perKey: number): string[] {
  const byKey = firstEffects(calls)
  const faults: string[] = []
  for (let key = 0; key < KEYS; key++) {
    const steps = byKey.get(String(key)) ?? []
    if (steps.length !== perKey) faults.push(`key ${key}: ${steps.length} of ${perKey} effects`)
    const wrong = steps.findIndex((step, at) => at > 0 && step < (steps[at - 1] as number))
    if (wrong > 0) faults.push(`key ${key}: ${steps.slice(Math.max(0, wrong - 2), wrong + 1).join(', ')}`)
  }
  return faults
}

/**
 * A member that stands still keeps its locks for 60 s; then others go on with its queues, and what it has at
 * work when it wakes up counts for nothing.
 */
async function paused(work: WorkRun): Promise<void> {
  const [member] = work.members
  // Who joins meanwhile gets a share of the queues, and has to wait for their locks.
  await Promise.all([member?.pause(PAUSE_MS), delay(1_000).then(() => work.join())])
}

async function ordered(bugs: readonly Bug[], perKey: number, quietMs: number, pausing = false) {
  const random = randomOf(seedOf('order'))
  run = new WorkRun('orderly', bugs)
  const work = run
  await work.start(QUEUES)
  await Promise.all([work.join(), work.join()])
  let ended = false
  const disturbing = (pausing ? paused(work) : Promise.resolve()).then(() =>
    disturb(work, random, () => ended),
  )
  await sendAll(work, perKey, random)
  const wanted = KEYS * perKey
  let moved = -1
  let since = performance.now()
  for (;;) {
    const { count, doneCount } = work.calls
    if (count !== moved) since = performance.now()
    moved = count
    if (doneCount >= wanted || performance.now() - since > quietMs) break
    await delay(500)
  }
  ended = true
  const turmoil = await disturbing
  const calls = work.calls.all()
  const repeated = calls.filter(({ done }) => done).length - new Set(calls.map(({ id }) => id)).size
  process.stderr.write(`order: ${wanted} messages, ${JSON.stringify({ ...turmoil, repeated })}\n`)
  return { faults: faultsOf(calls, perKey), turmoil }
}

/** Messages of a queue are handled by as many as there are, and those that fail come later. */
const NOT_ORDERLY: readonly Bug[] = [
  {
    file: '/client/dist/consuming/consumer-run.js',
    find: 'if (!orderly)',
    replace: 'if (true)',
  },
]

describe('messages with sharding keys, while consumers join, leave, fail and die', () => {
  // R29
  test(
    'have their first effects in the order of each key, all of them',
    async () => {
      const { faults, turmoil } = await ordered([], PER_KEY, QUIET_MS, LONG)
      expect(faults).toEqual([])
      expect(Object.values(turmoil).every((count) => count > 0)).toBe(true)
    },
    TIMEOUT_MS,
  )

  test('are found out of order when a member handles them as they come', async () => {
    const { faults } = await ordered(NOT_ORDERLY, 8, 8_000)
    expect(faults.some((fault) => fault.includes(','))).toBe(true)
  }, 120_000)
})
