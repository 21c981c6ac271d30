import { describe, expect, test } from '@jest/globals'
import { createNodeEnv } from '@rockhopper/env'
import type { AdvanceEvent, MessageStore } from '@rockhopper/store'
import { SteppingClock } from './stepping-clock.fixture.js'
import { type Outcome, TICKETS_MAX, Tickets } from './tickets.js'

function setUp() {
  const clock = new SteppingClock(createNodeEnv().clock)
  const tickets = new Tickets(clock, 5_000)
  let advance: (event: AdvanceEvent) => void = () => undefined
  const store: Pick<MessageStore, 'onAdvance'> = {
    onAdvance(listener) {
      advance = listener
      return () => undefined
    },
  }
  tickets.follow(store as MessageStore)
  const outcomes: [number, string][] = []
  const add = (end: number, needs: 'written' | 'synced') =>
    tickets.add({ end, settle: ({ status }: Outcome) => outcomes.push([end, status]) }, needs)
  const to = (written: number, synced: number, lost?: AdvanceEvent['lost']) =>
    advance({ placed: 0, written, synced, readable: written, ...(lost === undefined ? {} : { lost }) })
  return { add, clock, outcomes, tickets, to }
}

describe('tickets', () => {
  test('are settled by the watermark they need, in order, at the byte', () => {
    const { add, outcomes, to } = setUp()
    add(100, 'written')
    add(200, 'synced')
    add(300, 'written')
    to(99, 0)
    expect(outcomes).toEqual([])
    to(299, 199)
    expect(outcomes).toEqual([[100, 'PUT_OK']])
    to(300, 200)
    expect(outcomes).toEqual([
      [100, 'PUT_OK'],
      [300, 'PUT_OK'],
      [200, 'PUT_OK'],
    ])
  })

  test('of bytes that were given up fail; those before them do not', () => {
    const { add, outcomes, to } = setUp()
    for (const end of [100, 200, 300]) add(end, 'written')
    to(100, 0, { from: 100, to: 300, status: 'SERVICE_NOT_AVAILABLE', remark: 'disk full' })
    expect(outcomes).toEqual([
      [200, 'SERVICE_NOT_AVAILABLE'],
      [300, 'SERVICE_NOT_AVAILABLE'],
      [100, 'PUT_OK'],
    ])
  })

  test('that wait for a slow sync are told so at their own time, once', async () => {
    const { add, clock, outcomes, tickets, to } = setUp()
    add(100, 'synced')
    await clock.advance(3_000)
    add(200, 'synced')
    await clock.advance(1_999)
    expect(outcomes).toEqual([])
    await clock.advance(1)
    expect(outcomes).toEqual([[100, 'FLUSH_DISK_TIMEOUT']])
    await clock.advance(3_000)
    expect(outcomes).toHaveLength(2)
    to(200, 200)
    expect(outcomes).toHaveLength(2)
    expect(tickets.outstanding).toBe(0)
  })

  test('are bounded, and the ring keeps its order while it grows', () => {
    const { add, outcomes, tickets, to } = setUp()
    for (let end = 1; end <= 700; end++) add(end, 'written')
    to(500, 0)
    for (let end = 701; end <= TICKETS_MAX + 500; end++) add(end, 'written')
    expect(tickets.full).toBe(true)
    to(TICKETS_MAX + 500, 0)
    expect(outcomes.map(([end]) => end)).toEqual(Array.from({ length: TICKETS_MAX + 500 }, (_, i) => i + 1))
    expect(tickets.full).toBe(false)
  })

  test('let a stopping broker wait until the last is settled', async () => {
    const { add, tickets, to } = setUp()
    add(1, 'written')
    let drained = false
    const wait = tickets.drained().then(() => (drained = true))
    await Promise.resolve()
    expect(drained).toBe(false)
    to(1, 1)
    await wait
  })
})
