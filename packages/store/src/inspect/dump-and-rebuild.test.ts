import { describe, expect, test } from '@jest/globals'
import { encodeProperties, MqError } from '@rockhopper/message'
import { writeFiller } from '../consume-queue-unit.js'
import { indexFileSize } from '../index-file.js'
import { draft, drained, type Life, ROOT, restarted, started, stopped } from '../store-bench.fixture.js'
import { type DumpedIndexEntry, type DumpedUnit, dumpIndex, dumpLog, dumpQueue } from './dump-log.js'
import { COUNT, LOG_0, opened, QUEUE_0, written } from './inspect.fixture.js'
import { rebuildStore } from './rebuild-store.js'
import { storeSizes } from './store-sizes.js'
import { summarizeStore } from './store-summary.js'

describe('a dump', () => {
  test('of the log takes what the filter says, and ends when it is told to', async () => {
    const directory = opened(await written(), (disk) => disk.bytes(LOG_0).fill(0xff, 4, 8))
    const dumped = async (filter: Parameters<typeof dumpLog>[1], goesOn = true) => {
      const bodies: string[] = []
      const record = ({ body }: { body: Buffer }) => void bodies.push(body.toString())
      const end = await directory.until(dumpLog(directory, filter, { record, progress: () => goesOn }))
      return { bodies, reason: end.reason }
    }
    expect((await dumped({ topic: 'None' })).bodies).toEqual([])
    expect((await dumped({ topic: 'T', queueId: 1, to: 500 })).bodies).toEqual(['message 1', 'message 3'])
    expect((await dumped({})).bodies.length).toBe(COUNT - 1)
    expect((await dumped({}, false)).reason).toBe('stopped')
    expect((await dumped({ from: 8_000 })).bodies).toEqual([])
    expect((await dumped({ countMax: 3 })).bodies.length).toBe(3)
  })

  test('of a queue shows fillers, and ends at its end, when told to, and at a missing file', async () => {
    const directory = opened(await written(), (disk) => {
      writeFiller(disk.bytes(QUEUE_0), 20)
    })
    const dumped = async (filter: Omit<Parameters<typeof dumpQueue>[1], 'topic'>, goesOn = true) => {
      const units: DumpedUnit[] = []
      const take = (some: readonly DumpedUnit[]) => units.push(...some) > 0 && goesOn
      const known = await directory.until(dumpQueue(directory, { topic: 'T', ...filter }, take))
      return { known, units }
    }
    expect(await dumped({ queueId: 9 })).toEqual({ known: false, units: [] })
    const { units } = await dumped({ queueId: 0 })
    expect(units.map(({ queueOffset }) => queueOffset)).toEqual(
      Array.from({ length: COUNT / 2 }, (_, i) => i),
    )
    expect(units.filter(({ filler }) => filler).map(({ queueOffset }) => queueOffset)).toEqual([1])
    expect((await dumped({ queueId: 0, from: 28, to: 100 })).units.length).toBe(2)
    // The files hold ten entries each: one is taken.
    expect((await dumped({ queueId: 0 }, false)).units.length).toBe(10)
  })

  test('of the index gives the entries of a range of the log, oldest first', async () => {
    const directory = opened(await written(150))
    expect(directory.index.length).toBeGreaterThan(1)
    const dumped = async (filter: Parameters<typeof dumpIndex>[1], goesOn = true) => {
      const entries: DumpedIndexEntry[] = []
      const take = (some: readonly DumpedIndexEntry[]) => {
        entries.push(...some)
        return goesOn
      }
      await directory.until(dumpIndex(directory, filter, take))
      return entries
    }
    const all = await dumped({})
    expect(all.map(({ physicalOffset }) => physicalOffset)).toEqual(
      all.map(({ physicalOffset }) => physicalOffset).toSorted((a, b) => a - b),
    )
    const some = await dumped({ from: 1_000, to: 2_000 })
    expect(some).toEqual(all.filter(({ physicalOffset: at }) => at >= 1_000 && at < 2_000))
    expect(await dumped({ countMax: 7 })).toEqual(all.slice(0, 7))
    expect(new Set((await dumped({}, false)).map(({ file }) => file)).size).toBe(1)
  })
})

/** Topics A and B, of which B was deleted with messages in two queues, and made again with one. */
async function withDeletedTopic(): Promise<Life> {
  const at = await started()
  const put = (topic: string, queueId: number, text: string) =>
    at.clock.until(
      at.store.put(draft({ topic, queueId, text, properties: encodeProperties({ KEYS: text }) })),
    )
  for (let i = 0; i < 4; i++) for (const topic of ['A', 'B']) await put(topic, i % 2, `${topic}${i}`)
  await at.clock.until(at.store.deleteTopic('B'))
  await put('B', 0, 'again')
  await stopped(at)
  return at
}

const indexNames = ({ disk }: Life) => disk.paths().filter((path) => path.includes('/index/'))

const texts = async (at: Life, topic: string, queueId: number) =>
  (await drained(at, topic, queueId)).map(({ body }) => body.toString())

describe('a rebuild', () => {
  test('does not bring back what went with its topic, and the next start finds nothing missing', async () => {
    const directory = opened(await withDeletedTopic())
    await directory.until(rebuildStore(directory))
    const made = indexNames(directory.on)
    const next = await restarted(directory.on)
    expect(indexNames(next)).toEqual(made)
    expect(await texts(next, 'B', 0)).toEqual(['again'])
    expect(await texts(next, 'B', 1)).toEqual([])
    expect(await texts(next, 'A', 1)).toEqual(['A1', 'A3'])
    await stopped(next)
  })

  test('makes them when it is told to', async () => {
    const directory = opened(await withDeletedTopic())
    const { entryCount } = await directory.until(rebuildStore(directory, { allTopics: true }))
    expect(entryCount).toBe(9)
  })

  test('leaves out topics that neither the configuration nor a queue knows, and says so', async () => {
    const directory = opened(await withDeletedTopic(), (disk) => {
      disk.put(`${ROOT}/config/topics.json`, Buffer.from('{"topicConfigTable":{"B":{}}}'))
      disk.removeTree(`${ROOT}/consumequeue/A`)
      disk.bytes(LOG_0).fill(0xff, 4, 8)
    })
    const done: number[] = []
    const rebuilt = await directory.until(
      rebuildStore(directory, {
        messageIndexEnable: false,
        messageDelayLevel: '1s 5s',
        progress: (at, total) => void done.push(at / total),
      }),
    )
    expect(rebuilt).toMatchObject({ recordCount: 8, leftOut: ['A'], badSize: expect.any(Number) })
    expect(rebuilt.badSize).toBeGreaterThan(90)
    expect(done.length).toBeGreaterThan(0)
    // Only the queues were made: the index is as it was.
    expect(directory.on.disk.paths().some((path) => path.includes('/index/'))).toBe(true)
    expect(directory.on.disk.exists(`${ROOT}/consumequeue/A`)).toBe(false)
  })

  test('of a log that cannot be loaded is refused', async () => {
    const directory = opened(await written(), (disk) =>
      disk.put(`${ROOT}/commitlog/${'7'.padStart(20, '0')}`, Buffer.alloc(9)),
    )
    await expect(directory.until(rebuildStore(directory))).rejects.toBeInstanceOf(MqError)
  })
})

describe('the sizes of a store', () => {
  const indexOf = async (slotCount: number, entryCountMax: number) => {
    const { disk } = await started()
    disk.put(`${ROOT}/index/20260101000000000`, Buffer.alloc(indexFileSize({ slotCount, entryCountMax })))
    return disk
  }

  test('are Apache’s where nothing is there', async () => {
    const { disk } = await started()
    disk.removeTree(ROOT)
    expect(storeSizes(disk, ROOT, {})).toEqual({
      mappedFileSizeCommitLog: 1024 ** 3,
      mappedFileSizeConsumeQueue: 6_000_000,
      maxHashSlotNum: 5_000_000,
      maxIndexNum: 20_000_000,
    })
  })

  test('of an index are found from one that is given, or from four entries to a slot', async () => {
    const disk = await indexOf(50, 300)
    const found = (given: object) => {
      const { maxHashSlotNum, maxIndexNum } = storeSizes(disk, ROOT, given)
      return [maxHashSlotNum, maxIndexNum]
    }
    expect(found({ maxHashSlotNum: 50 })).toEqual([50, 300])
    expect(found({ maxIndexNum: 300 })).toEqual([50, 300])
    expect(found({ maxHashSlotNum: 50, maxIndexNum: 300 })).toEqual([50, 300])
    expect(() => found({ maxHashSlotNum: 51 })).toThrow('maxHashSlotNum or maxIndexNum')
    expect(() => found({})).toThrow('maxHashSlotNum or maxIndexNum')
    const proportional = await indexOf(25, 100)
    expect(storeSizes(proportional, ROOT, {})).toMatchObject({ maxHashSlotNum: 25, maxIndexNum: 100 })
  })
})

test('a summary of a store that Apache could have written, and of one that cannot be loaded', async () => {
  const at = await withDeletedTopic()
  const plain = opened(at, (disk) => {
    disk.removeTree(`${ROOT}/rockhopper`)
    disk.put(`${ROOT}/abort`, Buffer.from('77'))
    disk.put(`${ROOT}/config/topics.json`, Buffer.from('{}'))
  })
  const summary = await plain.until(summarizeStore(plain))
  expect(summary).toMatchObject({
    writtenBy: 'apache or an early rockhopper',
    aborted: true,
    abortText: '77',
    ownerText: undefined,
    config: [{ name: 'topics.json', size: 2 }],
    problems: [],
  })
  expect(summary.queues.map(({ topic, queueId }) => `${topic}/${queueId}`)).toEqual(['A/0', 'A/1', 'B/0'])
  const broken = opened(at, (disk) => disk.put(`${ROOT}/commitlog/${'7'.padStart(20, '0')}`, Buffer.alloc(9)))
  const told = await broken.until(summarizeStore(broken))
  expect(told.problems).toEqual([expect.stringContaining('it has 9 bytes')])
  expect(told.log).toMatchObject({ fileCount: 0, firstStoreTimestamp: 0 })
})
