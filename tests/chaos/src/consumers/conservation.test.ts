import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, describe, expect, test } from '@jest/globals'
import type { Bug } from '../bugs.fixture.js'
import type { Call } from './calls.js'
import { randomOf, seedOf } from './random.fixture.js'
import { type MemberKind, type Work, WorkRun } from './work-run.fixture.js'

const LONG = process.env['ROCKHOPPER_LONG'] === '1'
const COUNT = LONG ? 20_000 : 300
const KILLS_MIN = LONG ? 100 : 3
const MEMBERS = 3
const QUEUES = 8
const RETRIES_MAX = 3
const NEVER = 1_000
const TIMEOUT_MS = LONG ? 1_800_000 : 180_000

let run: WorkRun | undefined
afterEach(async () => {
  await run?.stop()
  run = undefined
}, 60_000)

/** Six in ten succeed at once, one in six never. */
function planned(random: () => number, count: number): Work[] {
  return Array.from({ length: count }, (_, at) => {
    const drawn = random()
    const fails = drawn < 0.6 ? 0 : drawn > 0.83 ? NEVER : 1 + Math.floor(random() * RETRIES_MAX)
    return { id: String(at), fails }
  })
}

/** Sends everything while members are killed and replaced; ends when both are done. */
async function chaos(
  work: WorkRun,
  plan: readonly Work[],
  random: () => number,
  killsMin: number,
): Promise<number> {
  await work.start(QUEUES)
  await Promise.all(Array.from({ length: MEMBERS }, () => work.join()))
  let sent = false
  const sending = (async () => {
    for (let at = 0; at < plan.length; at += 20) {
      await Promise.all(plan.slice(at, at + 20).map((one) => work.send(one)))
      await delay(20)
    }
    sent = true
  })()
  let kills = 0
  for (; !sent || kills < killsMin; kills++) {
    await delay(200 + random() * 800)
    await work.kill(Math.floor(random() * work.members.length))
    await work.join()
  }
  await sending
  return kills
}

interface Verdict {
  readonly acknowledged: number
  readonly deadLetters: number
  readonly faults: string[]
  /** Calls and dead letters beyond the first of their kind: at-least-once delivery after a kill. */
  readonly repeatedCalls: number
  readonly repeatedDeadLetters: number
}

/** Compares what came with what was sent; `counted`: each attempt has the next number. */
function compared(
  plan: readonly Work[],
  calls: readonly Call[],
  dead: readonly string[],
  counted: boolean,
): Verdict {
  const done = new Set(calls.filter((call) => call.done).map(({ id }) => id))
  const buried = new Set(dead)
  const attempts = new Map<string, Set<number>>()
  for (const { id, reconsumeTimes } of calls) {
    attempts.set(id, (attempts.get(id) ?? new Set()).add(reconsumeTimes))
  }
  const faults: string[] = []
  for (const { fails, id } of plan) {
    const expected = fails > RETRIES_MAX ? 'dead' : 'done'
    const came = [...(done.has(id) ? ['done'] : []), ...(buried.has(id) ? ['dead'] : [])].join(' and ')
    if (came !== expected) faults.push(`${id}: ${expected} expected, was ${came || 'neither'}`)
    const times = attempts.get(id) ?? new Set()
    const last = Math.min(fails, RETRIES_MAX)
    for (let each = 0; counted && each <= last; each++) {
      if (!times.has(each)) faults.push(`${id}: no attempt ${each} of ${last}`)
    }
    if (counted && times.size > last + 1)
      faults.push(`${id}: attempts ${[...times].join()}, not 0 to ${last}`)
  }
  const known = new Set(plan.map(({ id }) => id))
  for (const id of [...done, ...buried]) if (!known.has(id)) faults.push(`${id}: never sent`)
  const distinct = new Set(calls.map(({ id, reconsumeTimes }) => `${id} ${reconsumeTimes}`)).size
  return {
    acknowledged: done.size,
    deadLetters: buried.size,
    faults,
    repeatedCalls: calls.length - distinct,
    repeatedDeadLetters: dead.length - buried.size,
  }
}

/** Right and still right two seconds later, or what is wrong when nothing moves any more. */
async function verdict(
  work: WorkRun,
  plan: readonly Work[],
  counted: boolean,
  quietMs: number,
): Promise<Verdict> {
  let moved = -1
  let since = performance.now()
  for (;;) {
    const { count } = work.calls
    if (count !== moved) since = performance.now()
    moved = count
    const quiet = performance.now() - since
    // A retry comes after a second, a popped message that nobody acknowledged after three.
    if (quiet > 4_000 || quiet > quietMs) {
      const now = compared(plan, work.calls.all(), await work.deadLetters(), counted)
      if (now.faults.length === 0 || quiet > quietMs) return now
    }
    await delay(250)
  }
}

async function conserved(kind: MemberKind, counted: boolean): Promise<void> {
  const seed = seedOf(`conservation ${kind}`)
  const random = randomOf(seed)
  const plan = planned(random, COUNT)
  run = new WorkRun(kind)
  const kills = await chaos(run, plan, random, KILLS_MIN)
  const { faults, ...totals } = await verdict(run, plan, counted, 20_000)
  process.stderr.write(`${kind}: sent ${plan.length}, kills ${kills}, ${JSON.stringify(totals)}\n`)
  expect(faults).toEqual([])
  expect(totals.acknowledged + totals.deadLetters).toBe(COUNT)
  // Each kill may repeat what the dead had taken and nobody heard the end of: 16 or 20 calls, and what
  // waits for them.
  expect(totals.repeatedCalls).toBeLessThanOrEqual(kills * 100)
}

/** What a member forgets to give back is lost. */
const FAILURES_PASS: readonly Bug[] = [
  {
    file: '/client/dist/consuming/concurrent-consumption.js',
    find: 'await this.#parts.sendBack(held.message, delayLevel, deadLetterProperties);',
    replace: '',
  },
]

describe('messages whose handlers fail, while consumers are killed', () => {
  // R34
  test(
    'are each acknowledged or a dead letter, and every attempt is counted',
    () => conserved('push', true),
    TIMEOUT_MS,
  )

  // An invisible time that ends with its member counts as an attempt, whether a handler ran or not.
  // R34
  test(
    'are each acknowledged or a dead letter when they are popped',
    () => conserved('pop', false),
    TIMEOUT_MS,
  )

  test('are found out to be lost when members do not give them back', async () => {
    const random = randomOf(1)
    const plan = planned(random, 60)
    run = new WorkRun('push', FAILURES_PASS)
    await chaos(run, plan, random, 1)
    expect((await verdict(run, plan, true, 3_000)).faults).not.toEqual([])
  }, 60_000)
})
