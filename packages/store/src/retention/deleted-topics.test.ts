import { expect, test } from '@jest/globals'
import { SimDisk, seeded, VirtualClock } from '@rockhopper/sim'
import { draft, drained, type Life, life, ROOT, restarted, started, stopped } from '../store-bench.fixture.js'
import { DeletedTopics } from './deleted-topics.js'

const FILE = `${ROOT}/rockhopper/deletedTopics.json`

async function put(at: Life, text: string, topic = 'T'): Promise<void> {
  expect((await at.clock.until(at.store.put(draft({ text, topic })))).status).toBe('PUT_OK')
}

async function texts(at: Life, topic = 'T'): Promise<string[]> {
  return (await drained(at, topic, 0)).map(({ body }) => body.toString())
}

async function deleted(at: Life, topic = 'T'): Promise<void> {
  await at.clock.until(at.store.deleteTopic(topic))
}

async function afterPowerLoss(at: Life, random: () => number): Promise<Life> {
  const clock = new VirtualClock()
  clock.wall = at.clock.wall + 1_000
  return started({}, at.disk.afterPowerLoss(clock, random), clock)
}

test('a deleted topic does not come back after a kill, nor when all queues are made again', async () => {
  const first = await started()
  await put(first, 'old')
  await put(first, 'kept', 'Other')
  await deleted(first)
  first.disk.kill()
  const killed = await restarted(first)
  expect(killed.store.topics()).toEqual(new Map([['Other', [0]]]))
  await stopped(killed)
  const clock = new VirtualClock()
  const disk = killed.disk.afterKill(clock)
  disk.removeTree(`${ROOT}/consumequeue`)
  const rebuilt = await started({}, disk, clock)
  expect(rebuilt.store.topics()).toEqual(new Map([['Other', [0]]]))
  expect(await texts(rebuilt, 'Other')).toEqual(['kept'])
  await put(rebuilt, 'new')
  expect(await texts(rebuilt)).toEqual(['new'])
  rebuilt.disk.kill()
  expect(await texts(await restarted(rebuilt))).toEqual(['new'])
})

test('a power loss at any operation of a deletion: gone for good once it was acknowledged', async () => {
  for (let seed = 1; seed <= 60; seed++) {
    const random = seeded(seed)
    const at = await started({ flushDiskType: 'SYNC_FLUSH' })
    await put(at, 'old')
    await at.clock.pass(11_500)
    const before = at.disk.operations
    const killAt = before + 1 + Math.floor(random() * 12)
    at.disk.fault = ({ n }) => (n === killAt ? 'kill' : undefined)
    let acked = false
    const done = at.store.deleteTopic('T').then(
      () => {
        acked = true
      },
      () => {},
    )
    await at.clock.settle()
    void done
    const next = await afterPowerLoss(at, random)
    const found = await texts(next)
    if (acked && found.length > 0) throw new Error(`seed ${seed}: ${found} came back`)
    await put(next, 'new')
    expect((await texts(next)).at(-1)).toBe('new')
  }
})

test('messages placed where lost ones of a deleted topic stood are not taken for them', async () => {
  const first = await started()
  await put(first, 'kept', 'Other')
  await first.clock.pass(11_500)
  for (let i = 0; i < 5; i++) await put(first, `old ${i}`)
  await deleted(first)
  // The end of the log was never synced, the deletion was.
  let found = 5
  for (let seed = 1; seed <= 20; seed++) {
    const next = await afterPowerLoss(first, seeded(seed))
    found = Math.min(found, (next.store.maxPhysicalOffset - 95) / 95)
    await put(next, 'new')
    next.disk.kill()
    const last = await restarted(next)
    expect({ seed, texts: await texts(last) }).toEqual({ seed, texts: ['new'] })
  }
  // Some of the seeds lost what was deleted.
  expect(found).toBeLessThan(5)
})

test('a full disk takes placed records back, and the mark of a deletion with them', async () => {
  const at = await started()
  await put(at, 'old')
  at.disk.fault = ({ kind, path }) =>
    kind === 'write' && path.includes('commitlog') ? { code: 'ENOSPC' } : undefined
  at.store.place(draft({ text: 'lost' }))
  const done = at.store.deleteTopic('T')
  await at.clock.until(done)
  at.disk.fault = () => undefined
  await put(at, 'new')
  expect(await texts(at)).toEqual(['new'])
  at.disk.kill()
  expect(await texts(await restarted(at))).toEqual(['new'])
})

test('records on their way into a deleted queue do not make it again', async () => {
  const at = await started({ flushDiskType: 'SYNC_FLUSH' })
  const sent = at.store.put(draft({ text: 'old' }))
  const done = at.store.deleteTopic('T')
  await at.clock.until(Promise.all([sent, done]))
  expect(at.store.topics()).toEqual(new Map())
  expect(await at.clock.until(at.store.put(draft({ text: 'new' })))).toMatchObject({ queueOffset: 0 })
  expect(await texts(at)).toEqual(['new'])
  await stopped(at)
})

test('the mark goes when retention passed it', async () => {
  const at = await started({ commitLogSizeMax: 4_096, deleteWhen: '12' })
  await put(at, 'old')
  await deleted(at)
  expect(at.disk.bytes(FILE).toString()).toContain('"T"')
  for (let i = 0; i < 100; i++) await put(at, `message ${i}`, 'Other')
  await at.clock.pass(90_000)
  expect(at.disk.bytes(FILE).toString()).not.toContain('"T"')
  await stopped(at)
})

test('a deletion that the disk refuses rejects, and works the next time', async () => {
  const at = await started()
  await put(at, 'old')
  at.disk.fault = ({ kind, path }) =>
    kind === 'write' && path.includes('rockhopper') ? { code: 'ENOSPC' } : undefined
  await expect(deleted(at)).rejects.toThrow('ENOSPC')
  at.disk.fault = () => undefined
  await deleted(at)
  at.disk.kill()
  expect((await restarted(at)).store.topics()).toEqual(new Map())
})

test('cutting the log of a replica cuts the mark', async () => {
  const at = await started()
  await put(at, 'kept', 'Other')
  const end = at.store.maxPhysicalOffset
  await put(at, 'old')
  await deleted(at)
  await at.clock.until(at.store.truncateTo(end))
  await put(at, 'new')
  expect(await texts(at)).toEqual(['new'])
  at.disk.kill()
  expect(await texts(await restarted(at))).toEqual(['new'])
})

test.each([
  '{',
  '[]',
  '{"version":2,"deletedTo":{}}',
  '{"version":1,"deletedTo":{"T":"x"}}',
  '{"version":1}',
])('a file of no known form is refused, naming it: %s', async (text) => {
  const clock = new VirtualClock()
  const disk = new SimDisk(clock)
  disk.put(FILE, Buffer.from(text))
  expect(() => new DeletedTopics(disk, FILE).load()).toThrow(FILE)
  await expect(clock.until(life({}, disk, clock).store.start())).rejects.toThrow(FILE)
})
