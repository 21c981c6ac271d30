import { describe, expect, test } from '@jest/globals'
import { VirtualClock } from '@rockhopper/sim'
import {
  draft,
  drained,
  type Life,
  life,
  ROOT,
  restarted,
  SMALL,
  started,
  stopped,
} from './store-bench.fixture.js'

const LOG_0 = `${ROOT}/commitlog/00000000000000000000`
const LOG_1 = `${ROOT}/commitlog/00000000000000004096`
const QUEUE_0 = `${ROOT}/consumequeue/T/0/00000000000000000000`
const QUEUE_MIDDLE = `${ROOT}/consumequeue/T/0/00000000000000000400`
const QUEUE_LAST = `${ROOT}/consumequeue/T/0/00000000000000001600`

async function put(at: Life, text: string, topic = 'T'): Promise<number> {
  const result = await at.clock.until(at.store.put(draft({ text, topic })))
  if (result.status !== 'PUT_OK') throw new Error(result.status)
  return result.physicalOffset
}

async function texts(at: Life, topic = 'T'): Promise<string[]> {
  return (await drained(at, topic, 0)).map(({ body }) => body.toString())
}

/** The store as a killed process leaves it, with queue entries written. */
async function killedWith(messages: readonly string[], stateSaved = true): Promise<Life> {
  const first = await started()
  if (!stateSaved) refuseState(first)
  for (const text of messages) await put(first, text)
  await first.clock.pass(1_500)
  first.disk.kill()
  return first
}

/** As if the power went before the state was saved: what is durable is not known to be. */
function refuseState({ disk }: Life): void {
  disk.fault = ({ path }) => (path.startsWith(`${ROOT}/rockhopper/`) ? { code: 'ENOSPC' } : undefined)
}

test('a record torn at any byte is cut off, and the ones before it stay', async () => {
  const whole = await killedWith(['one', 'two', 'three'], false)
  const size = draft({ text: 'three' }).body.length + 91 + 1
  const end = 95 + 95 + size
  for (let torn = end - size; torn < end; torn++) {
    const damaged = await restartedAfter(whole, (disk) => void disk.bytes(LOG_0).fill(0, torn, end))
    const expected = torn === end ? ['one', 'two', 'three'] : ['one', 'two']
    // The last two bytes are the length of no properties: zero anyway.
    expect({ torn, texts: await texts(damaged) }).toEqual({
      torn,
      texts: torn >= end - 2 ? ['one', 'two', 'three'] : expected,
    })
  }
})

test.each([
  ['a proper stop', true],
  ['a kill', false],
])('a start after %s does not read queue files to their ends', async (_, properly) => {
  const sizes = { mappedFileSizeConsumeQueue: 6_000_000 }
  const first = await started(sizes)
  for (const topic of ['T', 'U', 'V']) await put(first, 'message', topic)
  await first.clock.pass(1_500)
  if (properly) await stopped(first)
  const clock = new VirtualClock()
  clock.wall = first.clock.wall + 1_000
  const next = life(sizes, first.disk.afterKill(clock), clock)
  let readSize = 0
  next.disk.onRead = (path, length) => {
    if (path.includes('consumequeue')) readSize += length
  }
  await next.clock.until(next.store.start())
  expect(readSize).toBeGreaterThan(0)
  expect(readSize).toBeLessThan(1_000_000)
  expect(await texts(next, 'V')).toEqual(['message'])
  await stopped(next)
})

async function restartedAfter(whole: Life, damage: (disk: Life['disk']) => void, config = {}): Promise<Life> {
  const clock = new VirtualClock()
  clock.wall = whole.clock.wall + 1_000
  const disk = whole.disk.afterKill(clock)
  damage(disk)
  return started(config, disk, clock)
}

test('what stood behind a bad record never comes back after later writes', async () => {
  const whole = await killedWith(['first', 'torn!', 'stale', 'older'], false)
  const cut = await restartedAfter(whole, (disk) => void disk.bytes(LOG_0).fill(0xff, 97, 110))
  expect(await texts(cut)).toEqual(['first'])
  // The new record has the size of the torn one, so that the stale one would follow it directly.
  await put(cut, 'fresh')
  cut.disk.kill()
  expect(await texts(await restarted(cut))).toEqual(['first', 'fresh'])
})

test('queue entries behind a cut never come back after a proper stop', async () => {
  const whole = await killedWith(['first', 'torn!', 'stale', 'older'], false)
  const cut = await restartedAfter(whole, (disk) => void disk.bytes(LOG_0).fill(0xff, 97, 110))
  await put(cut, 'fresh')
  await stopped(cut)
  const next = await restarted(cut)
  expect(await texts(next)).toEqual(['first', 'fresh'])
  expect(next.store.maxOffset('T', 0)).toBe(2)
})

test('a queue entry torn by a power loss is made again from its record', async () => {
  const first = await started()
  await first.clock.until(first.store.put(draft({ tag: 'TagA' })))
  await first.clock.pass(1_500)
  first.disk.kill()
  const next = await restartedAfter(first, (disk) => void disk.bytes(QUEUE_0).fill(0, 12, 20))
  const [entry] = await next.clock.until(next.store.queueEntries('T', 0, 0, 1))
  expect(entry?.tagsCode).toBe(2_598_919)
})

test.each([
  ['the queue files are gone', (disk: Life['disk']) => disk.removeTree(`${ROOT}/consumequeue`)],
  ['a queue lost its last entries', (disk: Life['disk']) => void disk.bytes(QUEUE_LAST).fill(0, 60)],
  ['a queue lost its last file', (disk: Life['disk']) => disk.remove(QUEUE_LAST)],
  ['a queue lost a file in the middle', (disk: Life['disk']) => disk.remove(QUEUE_MIDDLE)],
  ['a file of a queue is zeros', (disk: Life['disk']) => void disk.bytes(QUEUE_MIDDLE).fill(0)],
])('after a proper stop, when %s, they are made again from the log', async (_, damage) => {
  const first = await started()
  const sent = Array.from({ length: 90 }, (_, i) => `message ${i}`)
  for (const text of sent) {
    await put(first, text)
    await put(first, text, 'Other')
  }
  await stopped(first)
  const next = await restartedAfter(first, damage)
  expect(await texts(next)).toEqual(sent)
  expect(await texts(next, 'Other')).toEqual(sent)
})

test('a topic that was deleted and made again keeps only its new messages through a crash', async () => {
  const first = await started()
  for (const text of ['old 0', 'old 1', 'old 2']) await put(first, text)
  await first.clock.pass(1_500)
  await first.clock.until(first.store.deleteTopic('T'))
  for (const text of ['new 0', 'new 1']) await put(first, text)
  expect(await texts(first)).toEqual(['new 0', 'new 1'])
  first.disk.kill()
  expect(await texts(await restarted(first))).toEqual(['new 0', 'new 1'])
})

test('a topic that was deleted does not come back at the start after a proper stop', async () => {
  const first = await started()
  for (const text of ['old 0', 'old 1', 'old 2']) await put(first, text)
  await first.clock.until(first.store.put(draft({ text: 'old', queueId: 1 })))
  await put(first, 'kept', 'Other')
  await first.clock.until(first.store.deleteTopic('T'))
  await put(first, 'new 0')
  await stopped(first)
  const next = await restarted(first)
  expect(await texts(next)).toEqual(['new 0'])
  expect(next.store.topics()).toEqual(
    new Map([
      ['T', [0]],
      ['Other', [0]],
    ]),
  )
  await next.clock.until(Promise.all(['T', 'Other'].map((topic) => next.store.deleteTopic(topic))))
  await stopped(next)
  const last = await restarted(next)
  expect(last.store.topics()).toEqual(new Map())
  await put(last, 'first of its queue')
  expect(await texts(last)).toEqual(['first of its queue'])
})

test('after a kill a queue that is gone is made again from the log', async () => {
  const first = await killedWith(['one', 'two'])
  const next = await restartedAfter(first, (disk) => disk.removeTree(`${ROOT}/consumequeue/T`))
  expect(await texts(next)).toEqual(['one', 'two'])
})

describe('loading refuses', () => {
  test.each([
    ['a log file of another size', LOG_0, 100],
    ['a queue file of another size', QUEUE_0, 100],
  ])('%s, naming it', async (_, path, size) => {
    const first = await killedWith(['one'])
    const clock = new VirtualClock()
    const disk = first.disk.afterKill(clock)
    disk.put(path, Buffer.alloc(size))
    const next = life({}, disk, clock)
    await expect(clock.until(next.store.start())).rejects.toThrow(path)
    expect(next.store.state.kind).toBe('stopped')
  })

  test('a second store in the same directory', async () => {
    const first = await started()
    const second = life({}, first.disk, first.clock)
    await expect(first.clock.until(second.store.start())).rejects.toMatchObject({ code: 'STORE_LOCKED' })
    await put(first, 'goes on')
    await stopped(first)
  })
})

test('an empty last file is removed, as Apache does', async () => {
  const first = await killedWith(['one'])
  const next = await restartedAfter(first, (disk) => disk.put(LOG_1, Buffer.alloc(0)))
  expect(await texts(next)).toEqual(['one'])
  expect(next.disk.paths()).not.toContain(LOG_1)
})

test('store times never fall in the log, also when the clock was set back over a restart', async () => {
  const first = await started()
  await put(first, 'one')
  await stopped(first)
  const clock = new VirtualClock()
  clock.wall = first.clock.wall - 3_600_000
  const next = await started({}, first.disk.afterKill(clock), clock)
  await put(next, 'two')
  const times = (await drained(next, 'T', 0)).map(({ storeTimestamp }) => storeTimestamp)
  expect(times).toEqual([first.clock.wall, first.clock.wall])
})

test('a stopped store holds exactly the files and sizes Apache expects', async () => {
  const first = await started()
  for (let i = 0; i < 60; i++) await put(first, `message ${i}`)
  await stopped(first)
  const sizes = first.disk.paths().map((path) => [path.slice(ROOT.length + 1), first.disk.bytes(path).length])
  expect(sizes).toEqual([
    ['checkpoint', 4_096],
    ['commitlog/00000000000000000000', SMALL.mappedFileSizeCommitLog],
    ['commitlog/00000000000000004096', SMALL.mappedFileSizeCommitLog],
    ['consumequeue/T/0/00000000000000000000', SMALL.mappedFileSizeConsumeQueue],
    ...[200, 400, 600, 800, 1000].map((start) => [
      `consumequeue/T/0/${String(start).padStart(20, '0')}`,
      SMALL.mappedFileSizeConsumeQueue,
    ]),
    ['lock', 4],
    ['rockhopper/crc/00000000000000000000', 40 * 12],
    ['rockhopper/crc/00000000000000004096', 20 * 12],
    ['rockhopper/derived.json', 81],
    ['rockhopper/derived.json.bak', 81],
    ['rockhopper/owner.json', 45],
    ['rockhopper/state', 4_096 + 512],
  ])
})

test('a cut in the middle of a queue file leaves no old entries behind it', async () => {
  const config = { mappedFileSizeConsumeQueue: 20_000 }
  const first = await started(config)
  refuseState(first)
  // Two files of the log and a checkpoint, so that recovery begins in the second file and keeps the first
  // entries.
  for (let i = 0; i < 60; i++) {
    await put(first, `message ${i}`)
    await first.clock.pass(500)
  }
  await first.clock.pass(12_000)
  const lost = await put(first, 'torn')
  for (let i = 0; i < 8; i++) await put(first, `stale ${i}`)
  await first.clock.pass(1_500)
  first.disk.kill()
  const cut = await restartedAfter(
    first,
    (disk) => void disk.bytes(LOG_1).fill(0xff, lost - 4_096 + 2, lost - 4_096 + 9),
    config,
  )
  await put(cut, 'fresh')
  await stopped(cut)
  const next = await restarted(cut, config)
  expect(next.store.maxOffset('T', 0)).toBe(61)
  expect((await texts(next)).slice(-2)).toEqual(['message 59', 'fresh'])
})

test('an intact record that lies where another one should be is not served', async () => {
  const whole = await killedWith(['one', 'two'])
  const next = await restartedAfter(
    whole,
    (disk) => void disk.bytes(LOG_0).copy(disk.bytes(LOG_0), 190, 95, 190),
  )
  expect(await texts(next)).toEqual(['one', 'two'])
  expect(next.store.maxPhysicalOffset).toBe(190)
})
