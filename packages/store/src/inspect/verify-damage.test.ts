import { describe, expect, test } from '@jest/globals'
import { encodeProperties, SystemTopic } from '@rockhopper/message'
import { writeFiller } from '../consume-queue-unit.js'
import { Descriptors } from '../descriptors.js'
import { type IndexEntry, IndexFile } from '../index-file.js'
import { draft, type Life, ROOT, restarted, started, stopped } from '../store-bench.fixture.js'
import { COUNT, codes, flip, LOG_0, LOG_1, opened, QUEUE_0, verified, written } from './inspect.fixture.js'
import { summarizeStore } from './store-summary.js'

type Damage = (disk: Life['disk']) => void
const QUEUE_1 = QUEUE_0.replace('T/0', 'T/1')
const indexPath = (disk: Life['disk'], number = 0) =>
  disk
    .paths()
    .filter((path) => path.includes('/index/'))
    .at(number) as string
const entryAt = (number: number) => 40 + 64 * 4 + number * 20
const noSideLog: Damage = (disk) => disk.removeTree(`${ROOT}/rockhopper`)

/** What is found, by code, with the words of the first of it. */
async function found(before: Life, damage: Damage): Promise<Map<string, string>> {
  const { findings } = await verified(before, damage)
  return new Map(findings.toReversed().map(({ code, what }) => [code, what]))
}

describe('bytes where a record should begin are told in words', () => {
  const record = (change: (bytes: Buffer) => unknown): Damage => {
    return (disk) => {
      noSideLog(disk)
      const log = disk.bytes(LOG_0)
      change(log.subarray(log.readInt32BE(0)))
    }
  }
  const cases: [string, Damage, RegExp][] = [
    ['a magic', record((bytes) => bytes.writeInt32BE(5, 4)), /magic 0x00000005 is not a record's/],
    [
      'a size beyond the file',
      record((bytes) => bytes.writeInt32BE(9_999)),
      /size 9999, but \d+ bytes are left/,
    ],
    ['a negative size', record((bytes) => bytes.writeInt32BE(-9)), /size -9, but/],
    [
      'a length of a part',
      record((bytes) => bytes.writeInt32BE(3, 84)),
      /lengths of its parts do not add up/,
    ],
    ['a place', record((bytes) => bytes.writeBigInt64BE(7n, 28)), /it says that it lies at 7/],
    ['a store time', record((bytes) => bytes.writeBigInt64BE(0n, 56)), /its store time is 0/],
    ['a queue', record((bytes) => bytes.writeInt32BE(-1, 12)), /queue id or queue offset is negative/],
    ['a body', record((bytes) => bytes.writeInt32BE(7, 88)), /its body has the CRC 0x/],
    ['a hole', record((bytes) => bytes.fill(0, 0, 200)), /never written/],
    [
      'a blank in the middle',
      record((bytes) => bytes.writeUInt32BE(0xcbd43194, 4)),
      /an end-of-file blank of/,
    ],
  ]
  test.each(cases)('%s', async (_, damage, words) => {
    const said = await found(await written(), damage)
    expect(said.get('LOG_DAMAGED') ?? said.get('LOG_TORN_END')).toMatch(words)
  })

  test('a property, by the CRC of the whole record', async () => {
    const at = await written()
    const log = at.disk.bytes(LOG_0)
    const said = await found(at, flip(LOG_0, log.readInt32BE(0) - 2))
    expect(said.get('LOG_DAMAGED')).toMatch(/the CRC of the whole record is not the one in rockhopper\/crc/)
  })

  test('a store time that is earlier than that of the record before', async () => {
    const said = await found(await written(), (disk) => {
      noSideLog(disk)
      const log = disk.bytes(LOG_0)
      log.writeBigInt64BE(5n, log.readInt32BE(0) + 56)
    })
    expect(said.get('LOG_TIME_FALLS')).toMatch(/^store time 5, the record before it has \d+/)
  })
})

test('an end of the log before what was durable is damage, not a torn end', async () => {
  const said = await found(await written(), (disk) => disk.remove(LOG_1))
  expect(said.get('LOG_DAMAGED')).toMatch(/; \d+ was durable/)
})

test('what a broker put into quarantine is told, and stands in the summary', async () => {
  const at = await written()
  const next = await restartedWith(at, (disk) => disk.bytes(LOG_0).fill(0xff, 4, 8))
  await stopped(next)
  const directory = opened(next)
  const { findings } = await verified(next)
  expect(findings.map(({ code }) => code)).toContain('LOG_QUARANTINED')
  expect(await directory.until(summarizeStore(directory))).toMatchObject({
    quarantined: [{ offset: 0, length: expect.any(Number) }],
    writtenBy: 'rockhopper',
  })
})

async function restartedWith(before: Life, damage: Damage): Promise<Life> {
  const disk = before.disk.afterKill(before.clock)
  disk.removeTree(`${ROOT}/consumequeue`)
  damage(disk)
  return started({}, disk, before.clock)
}

describe('queues', () => {
  test('without files, behind the log after a kill, and with lost entries after a stop', async () => {
    const at = await written()
    const gone = await found(at, (disk) => disk.removeTree(`${ROOT}/consumequeue/T/1`))
    expect(gone.get('QUEUE_OF_DELETED_TOPIC')).toBe(`no queue files for ${COUNT / 2} records`)
    const cut: Damage = (disk) => {
      for (const first of [QUEUE_0, QUEUE_1])
        disk.bytes(first.replace(/\d{20}$/, '400'.padStart(20, '0'))).fill(0, 60)
    }
    expect((await found(at, cut)).get('QUEUE_ENTRY_MISSING')).toBe('7 records have no entry yet')
    const killed = await found(at, (disk) => {
      cut(disk)
      disk.put(`${ROOT}/abort`, Buffer.from('1'))
    })
    expect(killed.get('QUEUE_BEHIND')).toBe('7 records have no entry yet')
  })

  test('with a filler, with entries that point behind the log or at no record, without a file', async () => {
    const at = await written()
    const write =
      (change: (units: Buffer) => unknown): Damage =>
      (disk) =>
        void change(disk.bytes(QUEUE_0))
    const filler = await found(
      at,
      write((units) => writeFiller(units, 40)),
    )
    expect(filler.get('QUEUE_ENTRY_MISSING')).toMatch(/^no entry for the record at \d+/)
    const last = QUEUE_0.replace(/\d{20}$/, '400'.padStart(20, '0'))
    const behind = await found(at, (disk) => {
      const units = disk.bytes(last)
      units.writeBigInt64BE(7_900n, 180)
      noSideLog(disk)
      disk.remove(LOG_1)
    })
    expect(behind.get('QUEUE_ENTRY_DANGLING')).toMatch(/points at \d+, the log has records from 0 to \d+/)
    const none = await found(at, (disk) => {
      noSideLog(disk)
      disk.bytes(LOG_0).fill(0xff, 0, 30)
    })
    expect(none.get('QUEUE_ENTRY_DANGLING')).toMatch(/no record of this queue offset and \d+ bytes lies at 0/)
  })

  test('of the schedule topic, by the due time of the level', async () => {
    const at = await started()
    for (let i = 0; i < 3; i++) {
      const properties = Buffer.from('DELAY\u00013\u0002')
      await at.clock.until(at.store.put(draft({ topic: SystemTopic.SCHEDULE, queueId: 2, properties })))
    }
    await stopped(at)
    expect((await verified(at)).findings).toEqual([])
    const path = `${ROOT}/consumequeue/${SystemTopic.SCHEDULE}/2/${'0'.repeat(20)}`
    expect((await found(at, flip(path, 39))).get('QUEUE_DUE_TIME')).toMatch(/^its tags code is \d+, that of/)
  })
})

describe('the index', () => {
  test('may hold keys of a record twice, the first time not all of them: a crash came between', async () => {
    const at = await started()
    const properties = encodeProperties({ KEYS: 'a b c' })
    await at.clock.until(at.store.put(draft({ properties })))
    await stopped(at)
    const findings = await found(at, (disk) => {
      const descriptors = new Descriptors(disk)
      const sizes = { slotCount: 64, entryCountMax: 100 }
      const path = indexPath(disk)
      const file = new IndexFile(disk, descriptors, path, sizes)
      file.load()
      const entries = [1, 2, 3].map((number) => file.entry(number) as IndexEntry)
      descriptors.retireAll()
      disk.remove(path)
      for (const [name, count] of [['20260101000000000', 2] as const, ['20260101000000001', 3] as const]) {
        const made = new IndexFile(disk, descriptors, `${ROOT}/index/${name}`, sizes)
        for (const { hash, physicalOffset, storeTimestamp } of entries.slice(0, count))
          made.add(hash, physicalOffset, storeTimestamp)
        made.write()
      }
      descriptors.retireAll()
    })
    expect(findings).toEqual(new Map())
  })

  const cases: [string, (path: string) => Damage, string, RegExp][] = [
    [
      'an entry of no record',
      (path) => flip(path, entryAt(5) + 11),
      'INDEX_ENTRY_WRONG',
      /^points at|^has the hash/,
    ],
    [
      'a lost entry',
      (path) => (disk) => {
        const bytes = disk.bytes(path)
        bytes.copyWithin(entryAt(3), entryAt(5), entryAt(100))
      },
      'INDEX_ENTRY_MISSING',
      /^no entry for a key of the record at \d+/,
    ],
    [
      'a negative hash',
      (path) => (disk) => void disk.bytes(path).writeInt32BE(-5, entryAt(7)),
      'INDEX_ENTRY_WRONG',
      /cannot be read|has the hash -5/,
    ],
    [
      'an entry behind the end of the log',
      (path) => (disk) => {
        const bytes = disk.bytes(path)
        const count = bytes.readInt32BE(36)
        bytes.writeBigInt64BE(9_000_000n, entryAt(count - 1) + 4)
      },
      'INDEX_ENTRY_WRONG',
      /behind the end of the log|no keyed record/,
    ],
    [
      'a slot',
      (path) => (disk) => {
        const bytes = disk.bytes(path)
        for (let slot = 0; slot < 64; slot++) bytes.writeInt32BE(0, 40 + slot * 4)
      },
      'INDEX_CHAIN_BROKEN',
      /^says 0, its last entry is \d+/,
    ],
    [
      'the header',
      (path) => (disk) => void disk.bytes(path).writeBigInt64BE(3n, 24),
      'INDEX_HEADER_WRONG',
      /^endPhyOffset is 3, the last entry's is \d+/,
    ],
    [
      'an end that is behind the log',
      () => (disk) => void disk.bytes(indexPath(disk, -1)).writeInt32BE(5, 36),
      'INDEX_BEHIND',
      /keys have no entry yet/,
    ],
  ]
  test.each(cases)('with %s', async (_, damage, code, words) => {
    const at = await written()
    const said = await verified(at, damage(indexPath(at.disk)))
    const whats = said.findings.filter((finding) => finding.code === code).map(({ what }) => what)
    expect(whats.find((what) => words.test(what)) ?? whats).toMatch(words)
  })

  test('that cannot be loaded is told, and the rest is looked at', async () => {
    const at = await written()
    const said = await verified(at, (disk) => disk.put(indexPath(disk, -1), Buffer.alloc(77)))
    expect(codes(said)).toEqual(['INDEX_UNREADABLE'])
    expect(said.recordCount).toBe(COUNT)
  })
})

test('a checkpoint that is missing, or ahead of the log', async () => {
  const at = await written()
  expect((await found(at, (disk) => disk.remove(`${ROOT}/checkpoint`))).has('CHECKPOINT_MISSING')).toBe(true)
  const ahead: Damage = (disk) => void disk.bytes(`${ROOT}/checkpoint`).writeBigInt64BE(2n ** 50n, 8)
  expect((await found(at, ahead)).get('CHECKPOINT_AHEAD')).toMatch(/^logicsMsgTimestamp is 1125899906842624/)
})

test('a store that a broker of ours recovers has no findings left', async () => {
  const at = await written()
  const next = await restarted(at)
  await stopped(next)
  expect((await verified(next)).findings).toEqual([])
})
