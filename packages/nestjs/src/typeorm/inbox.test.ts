import { describe, expect, test } from '@jest/globals'
import type { EntityManager } from 'typeorm'
import { DATABASES, Effect, open, SERVERS } from './database.fixture.js'
import { Inbox } from './inbox.js'
import { InboxEntry } from './inbox-entry.js'
import { serializeTransactions } from './turns.js'

const clock = { now: () => 1 }

async function count(manager: EntityManager, id: string): Promise<void> {
  await manager.createQueryBuilder().insert().into(Effect).values({ id, count: 0 }).orIgnore().execute()
  await manager.increment(Effect, { id }, 'count', 1)
}

describe.each(DATABASES)('inbox on %s', (name) => {
  // R35
  test('many deliveries of one key at the same time have one effect', async () => {
    const db = await open(name)
    serializeTransactions(db)
    const inbox = new Inbox('payment', clock)
    const deliveries = Array.from({ length: 20 }, () =>
      inbox.once(db.manager, 'order-1', (m) => count(m, 'charge')),
    )
    const outcomes = await Promise.all(deliveries)
    expect(outcomes.filter((outcome) => outcome.first)).toHaveLength(1)
    expect(await db.manager.findOneBy(Effect, { id: 'charge' })).toEqual({ id: 'charge', count: 1 })
    await db.destroy()
  })

  test('an effect that fails leaves the key free, and nothing of itself', async () => {
    const db = await open(name)
    const inbox = new Inbox('payment', clock)
    const broken = inbox.once(db.manager, 'k', async (manager) => {
      await count(manager, 'charge')
      throw new Error('card reader on fire')
    })
    await expect(broken).rejects.toThrow('card reader on fire')
    expect(await db.manager.count(Effect)).toBe(0)
    expect(await inbox.once(db.manager, 'k', async () => 'second')).toEqual({ first: true, value: 'second' })
    expect(await inbox.once(db.manager, 'k', async () => 'third')).toEqual({ first: false })
    await db.destroy()
  })

  test('it joins the transaction of its caller', async () => {
    const db = await open(name)
    const inbox = new Inbox('payment', clock)
    const rolledBack = db.transaction(async (manager) => {
      await inbox.once(manager, 'k', (inside) => count(inside, 'charge'))
      throw new Error('later step failed')
    })
    await expect(rolledBack).rejects.toThrow('later step failed')
    expect(await db.manager.count(InboxEntry)).toBe(0)
    await db.destroy()
  })

  test('two consumers deal with one key separately', async () => {
    const db = await open(name)
    const one = await new Inbox('payment', clock).once(db.manager, 'k', async () => 1)
    const two = await new Inbox('stock', clock).once(db.manager, 'k', async () => 2)
    expect([one, two]).toEqual([
      { first: true, value: 1 },
      { first: true, value: 2 },
    ])
    await db.destroy()
  })
})

for (const name of SERVERS) {
  test(`on ${name} a transaction that read before another one committed knows its key, too`, async () => {
    const db = await open(name)
    const inbox = new Inbox('payment', clock)
    const late = await db.transaction(async (manager) => {
      // On MariaDB the first read fixes what plain reads of the transaction see.
      await manager.count(Effect)
      await manager.countBy(InboxEntry, { key: 'k' })
      await inbox.once(db.manager, 'k', (inside) => count(inside, 'charge'))
      return inbox.once(manager, 'k', (inside) => count(inside, 'charge'))
    })
    expect(late).toEqual({ first: false })
    expect(await db.manager.findOneBy(Effect, { id: 'charge' })).toEqual({ id: 'charge', count: 1 })
    await db.destroy()
  })
}
