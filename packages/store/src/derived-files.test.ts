import { describe, expect, test } from '@jest/globals'
import { encodeProperties } from '@rockhopper/message'
import { type SimDisk, VirtualClock } from '@rockhopper/sim'
import {
  decoded,
  draft,
  drained,
  type Life,
  ROOT,
  restarted,
  started,
  stopped,
} from './store-bench.fixture.js'

const OLD = Array.from({ length: 15 }, (_, i) => `old ${i}`)
const NEW = Array.from({ length: 120 }, (_, i) => `new ${i}`)

async function put(at: Life, topic: string, text: string): Promise<void> {
  const properties = encodeProperties({ KEYS: text.replace(' ', '') })
  const { status } = await at.clock.until(at.store.put(draft({ topic, text, properties })))
  expect(status).toBe('PUT_OK')
}

/** Topic Old lies in the first files of the log only, topic New goes on to the end. */
async function filled(stop: boolean): Promise<Life> {
  const first = await started()
  for (const text of OLD) await put(first, 'Old', text)
  for (const text of NEW) {
    // So a start after a kill, too, reads the newest files only.
    if (NEW.indexOf(text) % 40 === 0) await first.clock.pass(20_000)
    await put(first, 'New', text)
  }
  await first.clock.pass(20_000)
  if (stop) await stopped(first)
  else first.disk.kill()
  return first
}

async function textsOf(at: Life, topic: string): Promise<string[]> {
  return (await drained(at, topic, 0)).map(({ body }) => body.toString())
}

async function byKey(at: Life, topic: string, text: string): Promise<string[]> {
  const found = await at.clock.until(at.store.queryMessage(topic, text.replace(' ', ''), 32, 0, 2 ** 52))
  return found.map((record) => decoded(record).body.toString())
}

async function after(before: Life, damage: (disk: SimDisk) => void): Promise<Life> {
  const clock = new VirtualClock()
  clock.wall = before.clock.wall + 1_000
  const disk = before.disk.afterKill(clock)
  damage(disk)
  return started({}, disk, clock)
}

const queueFile = (topic: string, position: number) =>
  `${ROOT}/consumequeue/${topic}/0/${String(position).padStart(20, '0')}`

/** An entry behind the last one, of a record that is nowhere. */
function addEntry(disk: SimDisk): void {
  const bytes = disk.bytes(queueFile('Old', 200))
  bytes.writeBigInt64BE(1_000_000n, 100)
  bytes.writeInt32BE(100, 108)
}

const damages: [string, (disk: SimDisk) => void][] = [
  ['the directory of all queues is gone', (disk) => disk.removeTree(`${ROOT}/consumequeue`)],
  ['the directory of a topic is gone', (disk) => disk.removeTree(`${ROOT}/consumequeue/Old`)],
  ['the directory of a queue is gone', (disk) => disk.removeTree(`${ROOT}/consumequeue/Old/0`)],
  ['a queue lost its first file', (disk) => disk.remove(queueFile('Old', 0))],
  ['a queue lost its last file', (disk) => disk.remove(queueFile('Old', 200))],
  ['a queue lost its last entries', (disk) => void disk.bytes(queueFile('Old', 200)).fill(0, 40)],
  ['a queue has an entry too many', addEntry],
  ['a queue has a file too many', (disk) => disk.put(queueFile('Old', 400), Buffer.alloc(200))],
  ['a file of a queue is garbage', (disk) => void disk.bytes(queueFile('Old', 0)).fill(0xa5)],
  ['the checkpoint is gone', (disk) => disk.remove(`${ROOT}/checkpoint`)],
  ['the checkpoint is short', (disk) => disk.put(`${ROOT}/checkpoint`, Buffer.alloc(11, 1))],
  ['the checkpoint is long', (disk) => disk.put(`${ROOT}/checkpoint`, Buffer.alloc(9_000, 1))],
  ['the checkpoint is garbage', (disk) => void disk.bytes(`${ROOT}/checkpoint`).fill(0xa5)],
  ['the index is gone', (disk) => disk.removeTree(`${ROOT}/index`)],
  ['an index file is gone', (disk) => disk.remove(indexFiles(disk)[0] as string)],
  ['the newest index file is gone', (disk) => disk.remove(indexFiles(disk).at(-1) as string)],
  ['an index file is garbage', (disk) => void disk.bytes(indexFiles(disk)[0] as string).fill(0xa5)],
  ['an index header is zeros', (disk) => void disk.bytes(indexFiles(disk)[0] as string).fill(0, 0, 40)],
  ['a file of a queue is short', (disk) => truncated(disk, queueFile('Old', 0), 137)],
  ['a file of a queue is long', (disk) => truncated(disk, queueFile('New', 200), 201)],
  ['an index file is short', (disk) => truncated(disk, indexFiles(disk)[0] as string, 1_000)],
  ['all of rockhopper/ is gone', (disk) => disk.removeTree(`${ROOT}/rockhopper`)],
]

function truncated(disk: SimDisk, path: string, size: number): void {
  const file = disk.open(path)
  file.truncate(size)
  file.close()
}

function indexFiles(disk: SimDisk): string[] {
  return disk.paths().filter((path) => path.startsWith(`${ROOT}/index/`))
}

describe.each([
  ['after a proper stop', true],
  ['after a kill', false],
])('%s', (_, stop) => {
  test.each(damages)('when %s, queues and index are as the log says', async (_, damage) => {
    const next = await after(await filled(stop), damage)
    expect(await textsOf(next, 'Old')).toEqual(OLD)
    expect(await textsOf(next, 'New')).toEqual(NEW)
    for (const text of OLD) expect([text, await byKey(next, 'Old', text)]).toEqual([text, [text]])
    for (const text of NEW) expect([text, await byKey(next, 'New', text)]).toEqual([text, [text]])
    await put(next, 'Old', 'goes on')
    expect(next.store.maxOffset('Old', 0)).toBe(OLD.length + 1)
    await stopped(next)
    expect(await textsOf(await restarted(next), 'Old')).toEqual([...OLD, 'goes on'])
  })
})

test('the queue of a deleted topic is not missed, nor what a cut took', async () => {
  const first = await filled(true)
  const second = await after(first, () => {})
  await second.clock.until(second.store.deleteTopic('Old'))
  second.disk.kill()
  const third = await restarted(second)
  expect([...third.store.topics().keys()]).toEqual(['New'])
  await third.clock.until(third.store.truncateTo(0))
  expect(third.store.maxPhysicalOffset).toBe(0)
  await put(third, 'Other', 'other')
  third.disk.kill()
  const last = await restarted(third)
  expect(await textsOf(last, 'Other')).toEqual(['other'])
  expect(last.store.maxOffset('New', 0)).toBe(0)
})

test.each([true, false])(
  'an entry that says what is not there is noticed by its reader, and the queue made again (stopped: %s)',
  async (stop) => {
    const damage = (disk: SimDisk) => void disk.bytes(queueFile('Old', 0)).writeBigInt64BE(77n, 60)
    const next = await after(await filled(true), damage)
    expect(await textsOf(next, 'Old')).toEqual(OLD.filter((text) => text !== 'old 3'))
    await put(next, 'Old', 'goes on')
    await next.clock.pass(20_000)
    if (stop) await stopped(next)
    expect(await textsOf(await restarted(next), 'Old')).toEqual([...OLD, 'goes on'])
  },
)

test.each([
  ['knows the topic: they are made again', '{"Old":{},"New":{}}', OLD],
  ['does not know the topic: it was deleted by another broker', '{"New":{}}', []],
])('queues of a topic are gone, and topics.json %s', async (_, topics, texts) => {
  const next = await after(await filled(true), (disk) => {
    disk.removeTree(`${ROOT}/consumequeue/Old`)
    disk.put(`${ROOT}/config/topics.json`, Buffer.from(`{"topicConfigTable":${topics}}`))
  })
  expect(await textsOf(next, 'Old')).toEqual(texts)
  expect(await textsOf(next, 'New')).toEqual(NEW)
  next.disk.kill()
  const last = await restarted(next)
  expect(await textsOf(last, 'Old')).toEqual(texts)
  await put(last, 'Old', 'made again')
  expect(await textsOf(last, 'Old')).toEqual([...texts, 'made again'])
})

test('a list of queues that cannot be read stops no start', async () => {
  const next = await after(await filled(true), (disk) => {
    disk.put(`${ROOT}/rockhopper/derived.json`, Buffer.from('{"version":7}'))
    disk.put(`${ROOT}/rockhopper/derived.json.bak`, Buffer.from('{"version":1,"queues":[7]}'))
  })
  expect(await textsOf(next, 'Old')).toEqual(OLD)
})
