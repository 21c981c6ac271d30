import { describe, expect, test } from '@jest/globals'
import type { Cancel, Clock } from '@rockhopper/env'
import type { DataSource } from 'typeorm'
import type { RocketMQRecord } from '../record.js'
import { DATABASES, open, openPair, openTwice, SERVERS } from './database.fixture.js'
import { type NewOutboxEvent, Outbox } from './outbox.js'
import { OutboxClaims } from './outbox-claims.js'
import { OutboxEvent } from './outbox-event.js'
import { type OutboxPublisher, OutboxRelay } from './outbox-relay.js'
import { serializeTransactions } from './turns.js'

/** Enough that both relays get their share. */
const EVENTS = 200

/** Time stands still until the test moves it. */
class ManualClock implements Clock {
  #now = 1_000
  #timers = new Set<{ at: number; run: () => void }>()
  now = () => this.#now
  monotonic = () => this.#now
  endOfTurn = (run: () => void): void => void setImmediate(run)
  after = (delayMs: number, run: () => void): Cancel => {
    const timer = { at: this.#now + delayMs, run }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }
  /** The pauses that are being waited for. */
  pauses = () => [...this.#timers].map((timer) => timer.at - this.#now)
  move(ms: number): void {
    this.#now += ms
    for (const timer of [...this.#timers])
      if (timer.at <= this.#now && this.#timers.delete(timer)) timer.run()
  }
}

/** Keeps what was sent; refuses what it is told to. */
class Sink implements OutboxPublisher {
  readonly sent: string[] = []
  readonly records: RocketMQRecord[] = []
  refuses: (text: string) => boolean = () => false
  publish: OutboxPublisher['publish'] = async ({ topic, tag }, record) => {
    const text = `${topic}:${tag ?? ''} ${String(record.data)}`
    if (this.refuses(text)) throw new Error(`no broker for ${text}`)
    this.sent.push(text)
    this.records.push(record)
    return { messageId: `m${this.sent.length}` }
  }
}

async function until(done: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 50_000
  while (performance.now() < deadline) {
    if (await done()) return
    await new Promise((resolve) => setImmediate(resolve))
  }
  throw new Error('it never came true')
}

const add = (db: DataSource, outbox: Outbox, ...events: NewOutboxEvent[]) =>
  db.transaction(async (manager) => {
    for (const event of events) await outbox.add(manager, event)
  })

const unsent = (db: DataSource) =>
  db.manager.createQueryBuilder(OutboxEvent, 'e').where('e.sentAt IS NULL').getCount()

describe.each(DATABASES)('outbox on %s', (name) => {
  async function running(more: object = {}) {
    const db = await open(name)
    const clock = new ManualClock()
    const sink = new Sink()
    const relay = new OutboxRelay(db, sink, { clock, ...more })
    relay.start()
    const stop = async () => {
      await relay.stop()
      await db.destroy()
    }
    return { db, clock, sink, relay, outbox: new Outbox(clock), stop }
  }

  test('a commit wakes the relay; the row is marked with the id the broker gave', async () => {
    const { db, sink, outbox, clock, stop } = await running()
    await until(() => clock.pauses().length === 1)
    await add(db, outbox, {
      pattern: 'order_topic:created',
      data: { id: 1 },
      aggregateId: 'o1',
      keys: ['o1'],
      properties: { tenant: 'x' },
    })
    await until(async () => (await unsent(db)) === 0)
    expect(sink.sent).toEqual(['order_topic:created {"id":1}'])
    const [row] = await db.manager.find(OutboxEvent)
    expect(row).toMatchObject({ messageId: 'm1', sentAt: 1_000, leaseOwner: null, attempts: 0 })
    expect(sink.records[0]?.options).toMatchObject({
      shardingKey: 'o1',
      keys: ['o1'],
      properties: { tenant: 'x', 'rockhopper-event-id': row?.eventId },
    })
    await stop()
  })

  test('an event gets the properties of the moment it is added, and its own over them', async () => {
    const { db, clock, sink, stop } = await running()
    let of = 'first'
    const outbox = new Outbox(clock, () => ({ of, by: 'request' }))
    await add(db, outbox, { pattern: 'a', data: 1 })
    of = 'second'
    await add(db, outbox, { pattern: 'a', data: 2, properties: { by: 'hand' } })
    of = 'third'
    await until(() => sink.sent.length === 2)
    expect(sink.records.map(({ options }) => options.properties)).toMatchObject([
      { of: 'first', by: 'request' },
      { of: 'second', by: 'hand' },
    ])
    await stop()
  })

  test('an event of a transaction that is rolled back is never sent, although the relay looks', async () => {
    const { db, sink, outbox, relay, clock, stop } = await running()
    const rolledBack = db.transaction(async (manager) => {
      await outbox.add(manager, { pattern: 'a', data: 'phantom' })
      relay.wake()
      clock.move(60_000)
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
      throw new Error('changed my mind')
    })
    await expect(rolledBack).rejects.toThrow('changed my mind')
    await add(db, outbox, { pattern: 'a', data: 'real' })
    await until(async () => (await unsent(db)) === 0)
    expect(sink.sent).toEqual(['a: "real"'])
    await stop()
  })

  test('an aggregate keeps its order when its first event fails, and holds up no other', async () => {
    const { db, sink, outbox, clock, stop } = await running({ firstBackoffMs: 100 })
    let broken = true
    sink.refuses = (text) => broken && text.includes('A1')
    const events = ['A1', 'A2', 'A3', 'B1', 'B2'].map((data) => ({
      pattern: 'a',
      data,
      aggregateId: data.charAt(0),
    }))
    await add(db, outbox, ...events)
    await until(async () => (await unsent(db)) === 3)
    expect(sink.sent).toEqual(['a: "B1"', 'a: "B2"'])
    broken = false
    await until(async () => {
      clock.move(1_000)
      return (await unsent(db)) === 0
    })
    expect(sink.sent.slice(2)).toEqual(['a: "A1"', 'a: "A2"', 'a: "A3"'])
    await stop()
  })

  test('while the broker is down the pauses double, and all is sent when it is back', async () => {
    const { db, sink, outbox, clock, stop } = await running({
      firstBackoffMs: 100,
      longestBackoffMs: 400,
      pollIntervalMs: 7,
    })
    sink.refuses = () => true
    const events = Array.from({ length: 30 }, (_, index) => ({
      pattern: 'a',
      data: index,
      aggregateId: String(index % 3),
    }))
    const pauses: number[] = []
    await add(db, outbox, ...events)
    while (pauses.length < 5) {
      await until(() => clock.pauses().length === 1)
      const [pause = 0] = clock.pauses()
      // The look at the empty table before the events came, and at rows that all wait, pause for the poll
      // interval.
      if (pause !== 7) pauses.push(pause)
      clock.move(pause)
    }
    expect(pauses).toEqual([100, 200, 400, 400, 400])
    sink.refuses = () => false
    await until(async () => {
      clock.move(400)
      return (await unsent(db)) === 0
    })
    for (const aggregate of [0, 1, 2]) {
      const own = sink.sent
        .map((text) => Number(text.split(' ')[1]))
        .filter((index) => index % 3 === aggregate)
      expect(own).toEqual([...own].sort((a, b) => a - b))
      expect(own).toHaveLength(10)
    }
    await stop()
  })

  test('stop waits for every send, also when marking a row failed meanwhile', async () => {
    const { db, clock, sink, relay, outbox, stop } = await running()
    let arrive = () => {}
    const arrived = new Promise<void>((resolve) => {
      arrive = resolve
    })
    const publish = sink.publish
    sink.publish = async (pattern, record) => {
      if (record.data?.toString() === '"slow"') await arrived
      return publish(pattern, record)
    }
    const { sent } = OutboxClaims.prototype
    let failed = false
    OutboxClaims.prototype.sent = async () => {
      OutboxClaims.prototype.sent = sent
      failed = true
      throw new Error('disk full')
    }
    await add(db, outbox, { pattern: 'a', data: 'quick' }, { pattern: 'a', data: 'slow' })
    await until(() => failed)
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
    let stopped = false
    const stopping = relay.stop().then(() => {
      stopped = true
    })
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
    expect([stopped, sink.sent]).toEqual([false, ['a: "quick"']])
    arrive()
    await stopping
    expect(sink.sent).toEqual(['a: "quick"', 'a: "slow"'])
    expect(await unsent(db)).toBe(1)
    expect(clock.pauses()).toEqual([])
    await stop()
  })

  test('adding outside a transaction, or to no destination, is refused', async () => {
    const { db, outbox, stop } = await running()
    await expect(outbox.add(db.manager, { pattern: 'a', data: 1 })).rejects.toThrow(
      'wants the manager of a transaction',
    )
    await expect(add(db, outbox, { pattern: 'a:x||y', data: 1 })).rejects.toThrow('one tag')
    await stop()
  })

  test('sent rows are removed after their time, unsent ones never', async () => {
    const { db, outbox, clock, sink, stop } = await running({ keepSentMs: 1_000 })
    await add(db, outbox, { pattern: 'a', data: 'sent' })
    await until(async () => (await unsent(db)) === 0)
    sink.refuses = () => true
    await add(db, outbox, { pattern: 'a', data: 'unsent' })
    await until(async () => {
      clock.move(60_000)
      return (await db.manager.count(OutboxEvent)) === 1
    })
    expect((await db.manager.find(OutboxEvent))[0]?.body).toBe('"unsent"')
    await stop()
  })
})

describe('two relays on one database', () => {
  test('a leased row and what follows in its aggregate are left alone until the lease is over', async () => {
    const { first, second, close } = await openTwice()
    const outbox = new Outbox({ now: () => 0 })
    const events = ['A1', 'A2', 'B1'].map((data) => ({ pattern: 'a', data, aggregateId: data.charAt(0) }))
    await add(first, outbox, ...events)
    const bodies = async (db: DataSource, owner: string, now: number) => {
      return (await new OutboxClaims(db).claim(owner, 10, now, 1_000)).map((row) => row.body)
    }
    expect(await bodies(first, 'one', 0)).toEqual(['"A1"', '"B1"'])
    expect(await bodies(second, 'two', 500)).toEqual([])
    expect(await bodies(second, 'two', 1_001)).toEqual(['"A1"', '"B1"'])
    await close()
  })

  // R35
  test('a row that another relay takes between the look and the claim stays with that one', async () => {
    const { first, second, close } = await openTwice((query, other) => {
      if (!query.startsWith('UPDATE "rocketmq_outbox"')) return
      const { databaseConnection } = other.driver as unknown as {
        databaseConnection: { exec(sql: string): void }
      }
      databaseConnection.exec(
        `UPDATE rocketmq_outbox SET lease_owner = 'one', lease_until = 1000 WHERE body = '"A1"'`,
      )
    })
    await add(first, new Outbox({ now: () => 0 }), { pattern: 'a', data: 'A1' }, { pattern: 'a', data: 'B1' })
    const claimed = await new OutboxClaims(second).claim('two', 10, 0, 1_000)
    expect(claimed.map((row) => row.body)).toEqual(['"B1"'])
    expect((await first.manager.findOneByOrFail(OutboxEvent, { body: '"A1"' })).leaseOwner).toBe('one')
    await close()
  })
})

describe.each(['better-sqlite3', ...SERVERS])('two relays on %s', (name) => {
  test('contend, and together send every event once, each aggregate in order', async () => {
    const { first, second, close } = await openPair(name)
    serializeTransactions(first)
    const sink = new Sink()
    const counts = [0, 0]
    const relays = [first, second].map((db, index) => {
      const publish: OutboxPublisher['publish'] = (destination, record) => {
        counts[index] = (counts[index] ?? 0) + 1
        return sink.publish(destination, record)
      }
      return new OutboxRelay(db, { publish }, { batchSize: 3, pollIntervalMs: 1 })
    })
    for (const relay of relays) relay.start()
    const outbox = new Outbox()
    const aggregates = [0, 1, 2, 3, 4]
    // Each aggregate has a writer of its own, so rows are taken while others are committed.
    const writers = aggregates.map(async (aggregate) => {
      for (let data = aggregate; data < EVENTS; data += aggregates.length)
        await add(first, outbox, { pattern: 'a', data, aggregateId: String(aggregate) })
    })
    await Promise.all(writers)
    await until(async () => (await unsent(first)) === 0)
    for (const relay of relays) await relay.stop()
    const sent = sink.sent.map((text) => Number(text.split(' ')[1]))
    expect([...sent].sort((a, b) => a - b)).toEqual(Array.from({ length: EVENTS }, (_, index) => index))
    for (const aggregate of aggregates) {
      const own = sent.filter((data) => data % aggregates.length === aggregate)
      expect(own).toEqual([...own].sort((a, b) => a - b))
    }
    // One that does nothing would prove nothing. SQLite answers at once, and lets the first one do all.
    if (SERVERS.includes(name)) expect(Math.min(...counts)).toBeGreaterThan(0)
    await close()
  }, 60_000)
})

test('on SQLite transactions take turns, and one inside another stays part of it', async () => {
  const db = await open('better-sqlite3')
  serializeTransactions(db)
  const log: string[] = []
  const one = db.transaction(async () => {
    log.push('one begins')
    await new Promise((resolve) => setImmediate(resolve))
    await db.transaction(async () => void log.push('inside one'))
    log.push('one ends')
  })
  const two = db.transaction(async () => void log.push('two'))
  await Promise.all([one, two])
  expect(log).toEqual(['one begins', 'inside one', 'one ends', 'two'])
  await db.destroy()
})
