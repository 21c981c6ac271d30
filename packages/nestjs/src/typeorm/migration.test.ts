import { describe, expect, test } from '@jest/globals'
import { DATABASES, open } from './database.fixture.js'
import { CreateOutboxAndInbox1764000000000 } from './migration.js'
import { Outbox } from './outbox.js'
import { OutboxEvent } from './outbox-event.js'
import { CreateRocketMQTransaction1764000000001 } from './transaction-migration.js'

const MIGRATIONS = [new CreateOutboxAndInbox1764000000000(), new CreateRocketMQTransaction1764000000001()]

test.each(DATABASES)('on %s an event may be as large as a message', async (name) => {
  const db = await open(name)
  const outbox = new Outbox({ now: () => 1 })
  const data = 'x'.repeat(4_000_000)
  await db.transaction((manager) => outbox.add(manager, { pattern: 'a', data }))
  const row = await db.manager.findOneByOrFail(OutboxEvent, { id: 1 })
  expect(row.body).toBe(JSON.stringify(data))
  await db.destroy()
})

describe.each(MIGRATIONS)('$name', (migration) => {
  test.each(DATABASES)('makes on %s what synchronize would, and takes it back', async (name) => {
    const db = await open(name)
    const runner = db.createQueryRunner()
    await migration.down(runner)
    expect((await db.driver.createSchemaBuilder().log()).upQueries).not.toEqual([])
    await migration.up(runner)
    expect((await db.driver.createSchemaBuilder().log()).upQueries.map(({ query }) => query)).toEqual([])
    await runner.release()
    await db.destroy()
  })
})
