import { encodeProperties } from '@rockhopper/message'
import { VirtualClock } from '@rockhopper/sim'
import { draft, type Life, life, ROOT, started, stopped } from '../store-bench.fixture.js'
import { openStoreDirectory, type StoreDirectory } from './store-directory.js'
import { type Verified, verifyStore } from './verify-store.js'

export const LOG_0 = `${ROOT}/commitlog/00000000000000000000`
export const LOG_1 = `${ROOT}/commitlog/00000000000000004096`
export const QUEUE_0 = `${ROOT}/consumequeue/T/0/00000000000000000000`
export const COUNT = 60

/** A store over two log files with keys and tags, properly stopped. */
export async function written(count = COUNT): Promise<Life> {
  const at = await started()
  for (let i = 0; i < count; i++) {
    const properties = encodeProperties({ KEYS: `key-${i}`, TAGS: 'TagA' })
    await at.clock.until(at.store.put(draft({ text: `message ${i}`, properties, queueId: i % 2 })))
  }
  await stopped(at)
  return at
}

export interface Opened extends StoreDirectory {
  until<T>(promise: Promise<T>): Promise<T>
}

export function opened(before: Life, damage: (disk: Life['disk']) => void = () => {}): Opened & { on: Life } {
  const clock = new VirtualClock()
  const disk = before.disk.afterKill(clock)
  damage(disk)
  const on = life({}, disk, clock)
  const log = { info: () => {}, warn: () => {}, error: () => {} }
  const host = {
    pid: 1,
    bootId: '',
    totalMemory: 1,
    address: '',
    homeDirectory: '/',
    timezoneOffsetMinutes: () => 0,
  }
  const directory = openStoreDirectory({
    env: { clock, disk, host, log },
    directory: ROOT,
    sizes: { maxHashSlotNum: 64, maxIndexNum: 100 },
  })
  return { ...directory, on, until: (promise) => clock.until(promise) }
}

export async function verified(before: Life, damage?: (disk: Life['disk']) => void): Promise<Verified> {
  const directory = opened(before, damage)
  return directory.until(verifyStore(directory))
}

export const codes = ({ findings }: Verified) => findings.map(({ code }) => code)

/** Changes one bit. */
export const flip = (path: string, at: number) => (disk: Life['disk']) => {
  const bytes = disk.bytes(path)
  bytes[at] = (bytes[at] as number) ^ 1
}
