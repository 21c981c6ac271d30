import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { createNodeEnv } from '@rockhopper/env'
import { createMemoryDisk } from '@rockhopper/sim'
import { createMessageStore } from '@rockhopper/store'
import { INTEROP_DIR } from './build-cache.js'
import { CUT_SIZES, CUT_TOPIC, type CutVectors, type RecoveredEnds } from './cut-vectors.js'

const vectors = JSON.parse(readFileSync(join(INTEROP_DIR, 'vectors/store-cuts.json'), 'utf8')) as CutVectors
const log = Buffer.from(vectors.log, 'base64')
const LOG_FILE = '/store/commitlog/00000000000000000000'

/**
 * The files that Apache's store was given: a log that ends in zeros from the cut on, `abort`, nothing else.
 * There is no `rockhopper/state`, so Apache's rules decide alone. Apache's CRC covers the body only: a record
 * cut within its properties is taken as it is, by both. Where ours is stricter by intent cannot show here:
 * with a state file such a torn record goes, nothing is cut before the synced offset, and what is behind the
 * cut is zeroed on the disk, which Apache leaves to be overwritten.
 */
async function recovered(cut: number): Promise<{ ends: RecoveredEnds; behind: Buffer }> {
  const env = createNodeEnv()
  const disk = createMemoryDisk(env.clock)
  const bytes = Buffer.alloc(CUT_SIZES.mappedFileSizeCommitLog)
  log.copy(bytes, 0, 0, cut)
  disk.makeDirectory('/store/commitlog')
  const file = disk.open(LOG_FILE, { create: true })
  file.writeSync(bytes, 0, bytes.length, 0)
  disk.open('/store/abort', { create: true })
  const config = { storePathRootDir: '/store', ...CUT_SIZES }
  const store = createMessageStore({ env: { ...env, disk }, config })
  await store.start()
  const end = store.maxPhysicalOffset
  const ends: RecoveredEnds = [cut, end, [0, 1].map((queueId) => store.maxOffset(CUT_TOPIC, queueId))]
  await store.stop()
  return { ends, behind: disk.readFile(LOG_FILE)?.subarray(end) ?? Buffer.alloc(0) }
}

test('the last three records cut at any byte: log and queues end where Apache ends them', async () => {
  const differing: unknown[] = []
  for (const apache of vectors.recovered) {
    const { ends, behind } = await recovered(apache[0])
    if (JSON.stringify(ends) !== JSON.stringify(apache)) differing.push({ apache, ours: ends })
    if (behind.some((byte) => byte !== 0)) differing.push({ cut: apache[0], behind: 'not zero' })
  }
  expect(differing).toEqual([])
  expect(vectors.recovered.length).toBeGreaterThan(300)
}, 120_000)
