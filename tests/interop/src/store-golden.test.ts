import { cpSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { createNodeEnv } from '@rockhopper/env'
import { createMessageStore } from '@rockhopper/store'
import { openStoreDirectory, rebuildStore, summarizeStore, verifyStore } from '@rockhopper/store/inspect'
import { indexEntries, indexFiles, queueFiles } from './derived-files.js'
import { describeWithTools } from './requirements.js'
import { writtenByApache } from './store-writer.js'
import { removeTempDirs, tempDir } from './temp.js'

const COUNT = process.env['ROCKHOPPER_LONG'] === '1' ? 50_000 : 1_500
const TIMEOUT_MS = 300_000
/** Several files of each kind; one queue file holds 100 entries. */
const SIZES = {
  mappedFileSizeCommitLog: COUNT === 1_500 ? 131_072 : 4_194_304,
  mappedFileSizeConsumeQueue: 2_000,
  maxHashSlotNum: 500,
  maxIndexNum: COUNT,
}
const env = createNodeEnv()

let apache = ''
let end = 0

describeWithTools("consume queues and index of a log of Apache's store", () => {
  beforeAll(async () => {
    apache = join(tempDir('golden'), 'apache')
    end = await writtenByApache(apache, COUNT, SIZES)
  }, TIMEOUT_MS)
  afterAll(removeTempDirs)

  test('verify finds nothing in the store as Apache left it', async () => {
    expect(readdirSync(join(apache, 'commitlog')).length).toBeGreaterThan(3)
    expect(readdirSync(join(apache, 'index')).length).toBeGreaterThan(1)
    expect(await verified(apache)).toEqual({ findings: [], end })
  })

  test("rebuilt by us they are Apache's, byte for byte", async () => {
    const directory = copy('rebuilt', [])
    const opened = openStoreDirectory({ env, directory, sizes: SIZES })
    await rebuildStore(opened).finally(() => opened.close())
    await expectEqual(directory)
  })

  test("made by our store at its start they are Apache's", async () => {
    const directory = copy('started', ['consumequeue', 'index'])
    const store = storeIn(directory)
    await store.start()
    expect(store.maxPhysicalOffset).toBe(end)
    await store.stop()
    await expectEqual(directory)
  })

  test("made live, from Apache's bytes as a replica gets them, they are Apache's", async () => {
    const directory = join(tempDir('golden'), 'replica')
    const store = storeIn(directory)
    await store.start()
    for (const name of readdirSync(join(apache, 'commitlog')).sort()) {
      const bytes = readFileSync(join(apache, 'commitlog', name))
      await store.appendRaw(Number(name), bytes.subarray(0, Math.min(bytes.length, end - Number(name))))
    }
    await store.stop()
    await expectEqual(directory)
    for (const name of readdirSync(join(apache, 'commitlog'))) {
      const [ours, theirs] = [directory, apache].map((from) => readFileSync(join(from, 'commitlog', name)))
      expect([name, ours?.equals(theirs as Buffer)]).toEqual([name, true])
    }
  })

  test("our checkpoint says no more than is durable, and no less than Apache's", async () => {
    const directory = copy('checkpoint', [])
    const before = await summary(directory)
    const store = storeIn(directory)
    await store.start()
    await store.stop()
    const { checkpoint, log } = await summary(directory)
    expect(checkpoint.physicMsgTimestamp).toBe(log.lastStoreTimestamp)
    for (const name of ['physicMsgTimestamp', 'logicsMsgTimestamp', 'indexMsgTimestamp'] as const) {
      expect([name, checkpoint[name] <= log.lastStoreTimestamp]).toEqual([name, true])
      expect([name, checkpoint[name] >= before.checkpoint[name]]).toEqual([name, true])
    }
    expect(await verified(directory)).toEqual({ findings: [], end })
  })
})

async function expectEqual(directory: string): Promise<void> {
  expect(await verified(directory)).toEqual({ findings: [], end })
  expect(queueFiles(directory)).toEqual(queueFiles(apache))
  expect(await indexEntries(directory, SIZES)).toEqual(await indexEntries(apache, SIZES))
  expect(indexFiles(directory)).toEqual(indexFiles(apache))
}

function copy(name: string, without: readonly string[]): string {
  const directory = join(tempDir('golden'), name)
  cpSync(apache, directory, { recursive: true })
  for (const part of without) rmSync(join(directory, part), { recursive: true })
  return directory
}

function storeIn(directory: string) {
  return createMessageStore({ env, config: { storePathRootDir: directory, ...SIZES } })
}

async function verified(directory: string) {
  const opened = openStoreDirectory({ env, directory, sizes: SIZES })
  const { findings, end: found } = await verifyStore(opened).finally(() => opened.close())
  return { findings, end: found }
}

async function summary(directory: string) {
  const opened = openStoreDirectory({ env, directory, sizes: SIZES })
  return summarizeStore(opened).finally(() => opened.close())
}
