import { describe, expect, test } from '@jest/globals'
import { DATABASES, open } from './database.fixture.js'
import { CreateOutboxAndInbox1764000000000 } from './migration.js'
import { CreateRocketMQTransaction1764000000001 } from './transaction-migration.js'

const MIGRATIONS = [new CreateOutboxAndInbox1764000000000(), new CreateRocketMQTransaction1764000000001()]

describe.each(MIGRATIONS)('$name', (migration) => {
  test.each(Object.keys(DATABASES))('makes on %s what synchronize would, and takes it back', async (name) => {
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
