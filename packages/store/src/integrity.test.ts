import { describe, expect, test } from '@jest/globals'
import { encodeRecord, recordSize } from '@rockhopper/message'
import { type SimDisk, seeded, VirtualClock } from '@rockhopper/sim'
import { draft, drained, type Life, life, ROOT, restarted, started, stopped } from './store-bench.fixture.js'

const LOG_0 = `${ROOT}/commitlog/00000000000000000000`
const STATE = `${ROOT}/rockhopper/state`
const CRCS = `${ROOT}/rockhopper/crc/00000000000000000000`
const TEXTS = ['message 0', 'message 1', 'message 2', 'message 3', 'message 4']
/** Bytes of one of these in the log. */
const SIZE = 91 + 1 + 9

async function put(at: Life, text: string): Promise<void> {
  const result = await at.clock.until(at.store.put(draft({ text })))
  if (result.status !== 'PUT_OK') throw new Error(result.status)
}

async function texts(at: Life): Promise<string[]> {
  return (await drained(at, 'T', 0)).map(({ body }) => body.toString())
}

/** A life that ended: by a kill after everything was saved, or properly. */
async function ended(how: 'stopped' | 'killed', sent: readonly string[] = TEXTS): Promise<Life> {
  const first = await started()
  for (const text of sent) await put(first, text)
  await first.clock.pass(12_000)
  if (how === 'stopped') await stopped(first)
  else first.disk.kill()
  return first
}

async function after(before: Life, change: (disk: SimDisk) => void): Promise<Life> {
  const clock = new VirtualClock()
  clock.wall = before.clock.wall + 1_000
  const disk = before.disk.afterKill(clock)
  change(disk)
  return started({}, disk, clock)
}

function flip(bytes: Buffer, bit: number): void {
  bytes[bit >>> 3] = (bytes[bit >>> 3] as number) ^ (1 << (bit & 7))
}

describe.each(['stopped', 'killed'] as const)('in a log that was durable when its store was %s', (how) => {
  test('any flipped bit of a record hides that message only, is told of, and is told of again', async () => {
    const whole = await ended(how)
    for (let bit = SIZE * 2 * 8; bit < SIZE * 3 * 8; bit += 5) {
      const next = await after(whole, (disk) => flip(disk.bytes(LOG_0), bit))
      const found = { bit, texts: await texts(next), quarantined: offsets(next) }
      const expected = TEXTS.filter((text) => text !== 'message 2')
      expect(found).toEqual({ bit, texts: expected, quarantined: [[SIZE * 2, SIZE]] })
      if (bit % 7 !== 0) continue
      await put(next, 'later')
      next.disk.kill()
      const last = await restarted(next)
      expect(await texts(last)).toEqual([...expected, 'later'])
      expect(offsets(last)).toEqual([[SIZE * 2, SIZE]])
      expect(last.disk.bytes(LOG_0).subarray(SIZE * 2, SIZE * 3)).toEqual(
        next.disk.bytes(LOG_0).subarray(SIZE * 2, SIZE * 3),
      )
    }
  })

  test('a damaged end is kept too: its places in log and queue are not given to others', async () => {
    const whole = await ended(how)
    const next = await after(whole, (disk) => void disk.bytes(LOG_0).fill(0, SIZE * 3, SIZE * 5))
    expect(next.store.maxPhysicalOffset).toBe(SIZE * 5)
    await put(next, 'later')
    expect(await texts(next)).toEqual([...TEXTS.slice(0, 3), 'later'])
    expect((await drained(next, 'T', 0)).map(({ queueOffset }) => queueOffset)).toEqual([0, 1, 2, 5])
  })

  test('a damaged CRC hides no message, nor do missing ones', async () => {
    const whole = await ended(how)
    for (let bit = 0; bit < 5 * 12 * 8; bit += 7) {
      const next = await after(whole, (disk) => flip(disk.bytes(CRCS), bit))
      expect({ bit, texts: await texts(next), quarantined: offsets(next) }).toEqual({
        bit,
        texts: TEXTS,
        quarantined: [],
      })
    }
    expect(await texts(await after(whole, (disk) => disk.remove(CRCS)))).toEqual(TEXTS)
  })

  test('a file of the log that is missing is damage like any other', async () => {
    const sent = Array.from({ length: 120 }, (_, i) => `message ${i}`)
    const whole = await ended(how, sent)
    const next = await after(whole, (disk) => disk.remove(`${ROOT}/commitlog/00000000000000004096`))
    const left = await texts(next)
    expect(left).toEqual(sent.filter((text) => left.includes(text)))
    expect(left.length).toBeGreaterThan(70)
    expect(offsets(next)).toEqual([[4_096, 4_096]])
    await put(next, 'later')
    expect((await texts(next)).at(-1)).toBe('later')
  })

  test('20 kills in recovery change nothing', async () => {
    const seed = 41
    const random = seeded(seed)
    const whole = await ended(how)
    let disk = whole.disk
    for (let kill = 0; kill < 20; kill++) {
      const clock = new VirtualClock()
      clock.wall = whole.clock.wall + kill * 1_000
      disk = disk.afterKill(clock)
      if (kill === 0) flip(disk.bytes(LOG_0), SIZE * 8 + 700)
      const stopAt = 1 + Math.floor(random() * 14)
      disk.fault = ({ n }) => (n === stopAt ? 'kill' : undefined)
      const { store } = life({}, disk, clock)
      void store.start().catch(() => {})
      await clock.settle()
      disk.kill()
    }
    const last = await after({ ...whole, disk }, () => {})
    expect({ seed, texts: await texts(last) }).toEqual({
      seed,
      texts: TEXTS.filter((text) => text !== 'message 1'),
    })
    expect(offsets(last)).toEqual([[SIZE, SIZE]])
  })
})

test('a message that is damaged while the store is open is not delivered, and is told of', async () => {
  const next = await restarted(await ended('killed'))
  // Nobody pulled it before: what was read once is in memory, and whole.
  flip(next.disk.bytes(LOG_0), SIZE * 3 * 8 + 500)
  expect(await texts(next)).toEqual(TEXTS.filter((text) => text !== 'message 3'))
  expect(offsets(next)).toEqual([[SIZE * 3, SIZE]])
  expect(await next.clock.until(next.store.lookMessageByOffset(SIZE * 3))).toBeUndefined()
  await next.clock.pass(1_500)
  next.disk.kill()
  expect(offsets(await restarted(next))).toEqual([[SIZE * 3, SIZE]])
})

test('damage that nobody reads is found in the background, however much of the log it took', async () => {
  const scrubBytesPerSecond = 250
  const first = await started({ scrubBytesPerSecond })
  for (const text of TEXTS) await put(first, text)
  await first.clock.pass(59_000)
  first.disk.bytes(LOG_0).fill(0x55, SIZE + 10, SIZE * 2 + 10)
  expect(offsets(first)).toEqual([])
  await first.clock.pass(5_000)
  expect(offsets(first)).toEqual([[SIZE, SIZE * 2]])
  flip(first.disk.bytes(LOG_0), SIZE * 4 * 8 + 300)
  await first.clock.pass(24 * 3_600_000 + 60_000)
  expect(offsets(first)).toEqual([
    [SIZE, SIZE * 2],
    [SIZE * 4, SIZE],
  ])
  await stopped(first)
  expect(first.clock.timerCount).toBe(0)
})

test('of two slots of the state a torn one counts for nothing', async () => {
  const whole = await ended('killed')
  for (const slot of [0, 4_096]) {
    const next = await after(whole, (disk) => void disk.bytes(STATE).fill(0xee, slot + 100, slot + 200))
    expect(await texts(next)).toEqual(TEXTS)
    expect(offsets(next)).toEqual([])
  }
})

describe('after another broker', () => {
  const THEIRS = ['theirs 0', 'theirs 1']

  /** What Apache's broker does with a log: goes on behind its end, wherever it found that. */
  function append(disk: SimDisk, at: number, queueOffset: number, storeTimestamp: number): number {
    let physicalOffset = at
    THEIRS.forEach((text, i) => {
      const message = draft({ text })
      const place = { queueOffset: queueOffset + i, physicalOffset, storeTimestamp }
      encodeRecord(message, place, disk.bytes(LOG_0), physicalOffset)
      physicalOffset += recordSize(message)
    })
    return physicalOffset
  }

  test.each([
    ['a proper stop of both', 'stopped', undefined],
    ['our stop and its kill', 'stopped', '4711'],
    ['our kill and its stop', 'killed', undefined],
    ['a kill of both', 'killed', '4711'],
  ] as const)('%s, all messages are there', async (_, how, abortText) => {
    const whole = await ended(how)
    const theirTime = whole.clock.wall + 500
    const next = await after(whole, (disk) => {
      append(disk, SIZE * 5, 5, theirTime)
      disk.remove(`${ROOT}/abort`)
      if (abortText !== undefined) disk.put(`${ROOT}/abort`, Buffer.from(abortText))
    })
    expect(await texts(next)).toEqual([...TEXTS, ...THEIRS])
    await put(next, 'ours again')
    next.disk.kill()
    const last = await restarted(next)
    expect(await texts(last)).toEqual([...TEXTS, ...THEIRS, 'ours again'])
    expect(offsets(last)).toEqual([])
  })

  test.each([
    ['a proper stop of both', 'stopped', undefined],
    ['our kill and its kill', 'killed', '4711'],
  ] as const)('that had cut what was durable to us, with %s, its log counts', async (_, how, abortText) => {
    const whole = await ended(how)
    const theirTime = whole.clock.wall + 500
    const next = await after(whole, (disk) => {
      const end = append(disk, SIZE * 2, 2, theirTime)
      disk.bytes(LOG_0).fill(0, end)
      disk.remove(`${ROOT}/abort`)
      if (abortText !== undefined) disk.put(`${ROOT}/abort`, Buffer.from(abortText))
      disk.removeTree(`${ROOT}/consumequeue`)
    })
    expect(await texts(next)).toEqual([...TEXTS.slice(0, 2), ...THEIRS])
    expect(offsets(next)).toEqual([])
  })
})

function offsets(at: Life): number[][] {
  return at.store.quarantined.map(({ offset, length }) => [offset, length])
}
