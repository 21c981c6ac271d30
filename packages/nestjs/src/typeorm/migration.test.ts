import { expect, test } from '@jest/globals'
import { DATABASES, open } from './database.fixture.js'
import { CreateOutboxAndInbox1764000000000 } from './migration.js'

test.each(Object.keys(DATABASES))(
  'the migration makes on %s what synchronize would, and takes it back',
  async (name) => {
    const db = await open(name)
    const migration = new CreateOutboxAndInbox1764000000000()
    const runner = db.createQueryRunner()
    await migration.down(runner)
    expect((await db.driver.createSchemaBuilder().log()).upQueries).not.toEqual([])
    await migration.up(runner)
    expect((await db.driver.createSchemaBuilder().log()).upQueries.map(({ query }) => query)).toEqual([])
    await runner.release()
    await db.destroy()
  },
)
