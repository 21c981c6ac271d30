import { expect, test } from '@jest/globals'
import { draft, ROOT, restarted, started, stopped } from './store-bench.fixture.js'

const QUEUES = 1_000
const FILES = {
  mappedFileSizeCommitLog: 1 << 20,
  mappedFileSizeConsumeQueue: 20_000,
  checkpointInterval: 5_000,
}

async function filled() {
  const life = await started(FILES)
  for (let queueId = 0; queueId < QUEUES; queueId++) life.store.place(draft({ queueId }))
  await life.clock.settle()
  const written = () => life.disk.list(`${ROOT}/consumequeue/T`).length
  return { life, written }
}

test('a thousand queues are written some at a time, all of them in the end', async () => {
  const { life, written } = await filled()
  const steps = [written()]
  for (let passed = 0; passed < 2_000; passed += 50) {
    await life.clock.pass(50)
    steps.push(written())
  }
  expect(steps[0]).toBe(0)
  expect(steps.at(-1)).toBe(QUEUES)
  for (const [i, count] of steps.entries()) expect(count - (steps[i - 1] ?? 0)).toBeLessThanOrEqual(128)
  await stopped(life)
})

test('the checkpoint writes them with pauses, and what comes meanwhile is not lost', async () => {
  const { life, written } = await filled()
  await life.clock.pass(4_990)
  for (let queueId = 0; queueId < QUEUES; queueId++) life.store.place(draft({ queueId, text: 'second' }))
  await life.clock.pass(30)
  await life.clock.pass(10_000)
  expect(written()).toBe(QUEUES)
  const next = await restarted(life, FILES)
  for (let queueId = 0; queueId < QUEUES; queueId++) expect(next.store.maxOffset('T', queueId)).toBe(2)
  await stopped(next)
})

test('a store that stops writes all of them', async () => {
  const { life, written } = await filled()
  await stopped(life)
  expect(written()).toBe(QUEUES)
})

test('a queue that grows all the time is written once an interval, however many there are', async () => {
  const life = await started({ ...FILES, checkpointInterval: 100_000 })
  let writes = 0
  const open = life.disk.open.bind(life.disk)
  life.disk.open = (path, options) => {
    const file = open(path, options)
    if (!path.includes('consumequeue')) return file
    const writeSync = file.writeSync.bind(file)
    file.writeSync = (...args) => {
      writes++
      return writeSync(...args)
    }
    return file
  }
  for (let passed = 0; passed < 6_000; passed += 100) {
    for (let queueId = 0; queueId < 300; queueId++) life.store.place(draft({ queueId }))
    await life.clock.pass(100)
  }
  expect(writes).toBeGreaterThan(3 * 300)
  expect(writes).toBeLessThanOrEqual(6 * 300)
  await stopped(life)
})
