import { describe, expect, test } from '@jest/globals'
import type { DiskFile } from '@rockhopper/env'
import { seeded } from './seeded.js'
import { SimDisk } from './sim-disk.js'
import { VirtualClock } from './virtual-clock.js'

const PAGE = 4_096
const SECTOR = 512

function world() {
  const clock = new VirtualClock()
  return { clock, disk: new SimDisk(clock) }
}

function write(file: DiskFile, text: string, position: number): void {
  file.writeSync(Buffer.from(text), 0, text.length, position)
}

/** What 200 power losses leave of a file; undefined where its name is gone. */
function losses(disk: SimDisk, path: string): (string | undefined)[] {
  const random = seeded(1)
  return Array.from({ length: 200 }, () => {
    const found = disk.afterPowerLoss(new VirtualClock(), random)
    return found.exists(path) ? found.bytes(path).toString('latin1') : undefined
  })
}

const distinct = (values: readonly (string | undefined)[]) => [...new Set(values)].sort()

async function durable({ clock, disk }: ReturnType<typeof world>, text: string): Promise<DiskFile> {
  const file = disk.open('/a', { create: true })
  write(file, text, 0)
  await clock.until(file.sync())
  await clock.until(disk.syncDirectory('/'))
  return file
}

describe('a power loss', () => {
  test('takes the name of a file whose directory was not synced, or leaves it', async () => {
    const { clock, disk } = world()
    const file = disk.open('/a', { create: true })
    write(file, 'x', 0)
    await clock.until(file.sync())
    expect(distinct(losses(disk, '/a'))).toEqual(['x', undefined])
    await clock.until(disk.syncDirectory('/'))
    expect(distinct(losses(disk, '/a'))).toEqual(['x'])
  })

  test('leaves a rename done or not done, with nothing in between', async () => {
    const one = world()
    await durable(one, 'old')
    const next = one.disk.open('/b', { create: true })
    write(next, 'new', 0)
    await one.clock.until(next.sync())
    await one.clock.until(one.disk.syncDirectory('/'))
    one.disk.rename('/b', '/a')
    expect(distinct(losses(one.disk, '/a'))).toEqual(['new', 'old'])
    const random = seeded(2)
    for (let i = 0; i < 50; i++) {
      const found = one.disk.afterPowerLoss(new VirtualClock(), random)
      expect(found.exists('/b')).toBe(found.bytes('/a').toString() === 'old')
    }
  })

  test('keeps what was synced, and any sectors of the rest', async () => {
    const one = world()
    const file = await durable(one, 'a'.repeat(2 * PAGE))
    write(file, 'b'.repeat(2 * PAGE), 0)
    const found = losses(one.disk, '/a') as string[]
    expect(found.every((text) => text.length === 2 * PAGE)).toBe(true)
    const sectors = (text: string) => text.match(new RegExp(`.{${SECTOR}}`, 'g')) as string[]
    for (const text of found)
      for (const sector of sectors(text)) expect(['a', 'b'].map((c) => c.repeat(SECTOR))).toContain(sector)
    // Some are torn inside a page, in either order.
    const inFirstPage = found.map((text) => `${text[0]}${text[PAGE - 1]}`)
    expect(distinct(inFirstPage)).toEqual(['aa', 'ab', 'ba', 'bb'])
  })

  test('may take what was written while a sync was under way, but nothing from before it', async () => {
    const one = world()
    const file = await durable(one, 'first ')
    write(file, 'second', 0)
    const synced = file.sync()
    write(file, 'third ', 0)
    await one.clock.until(synced)
    expect(distinct(losses(one.disk, '/a'))).toEqual(['second', 'third '])
  })

  test('after a failed sync takes its data even if a later sync succeeds', async () => {
    const one = world()
    const file = await durable(one, 'kept')
    write(file, 'lost', 0)
    one.disk.fault = ({ kind }) => (kind === 'sync' ? { code: 'EIO' } : undefined)
    await expect(one.clock.until(file.sync())).rejects.toMatchObject({ code: 'EIO' })
    one.disk.fault = () => undefined
    write(file, 'far behind', PAGE)
    await one.clock.until(file.sync())
    expect(distinct(losses(one.disk, '/a').map((text) => text?.slice(0, 4)))).toEqual(['kept', 'lost'])
    // Written again it is dirty again, and the next sync takes it along.
    write(file, 'anew', 0)
    await one.clock.until(file.sync())
    expect(distinct(losses(one.disk, '/a').map((text) => text?.slice(0, 4)))).toEqual(['anew'])
  })

  test('leaves the old or the new size', async () => {
    const one = world()
    const file = await durable(one, 'abcdef')
    file.truncate(2)
    expect(distinct(losses(one.disk, '/a').map((text) => String(text?.length)))).toEqual(['2', '6'])
    await one.clock.until(file.sync())
    expect(distinct(losses(one.disk, '/a'))).toEqual(['ab'])
  })
})

test('a file that lost its end can be written again there', async () => {
  const one = world()
  const file = await durable(one, 'short')
  write(file, 'far behind', 3 * PAGE)
  const random = seeded(3)
  for (let i = 0; i < 50; i++) {
    const found = one.disk.afterPowerLoss(one.clock, random)
    write(found.open('/a'), 'again', 3 * PAGE)
    expect(found.bytes('/a').toString('latin1', 3 * PAGE, 3 * PAGE + 5)).toBe('again')
  }
})

describe('a kill', () => {
  test('leaves what was written, and none of its calls ends', async () => {
    const { clock, disk } = world()
    const file = disk.open('/a', { create: true })
    write(file, 'written', 0)
    let ended = false
    void file.sync().finally(() => {
      ended = true
    })
    disk.kill()
    await clock.settle()
    expect(ended).toBe(false)
    expect(() => disk.exists('/a')).toThrow('killed')
    const next = disk.afterKill(new VirtualClock())
    expect(next.readFile('/a')?.toString()).toBe('written')
    // The page cache is not the disk: the sync that never ended promised nothing.
    expect(distinct(losses(next, '/a'))).toContain(undefined)
  })

  test('in the middle of a write leaves its first bytes', () => {
    const { disk } = world()
    const file = disk.open('/a', { create: true })
    disk.fault = () => ({ taken: 3, kill: true })
    expect(() => write(file, 'abcdef', 0)).toThrow('killed at operation 2')
    expect(disk.afterKill(new VirtualClock()).bytes('/a').toString()).toBe('abc')
  })
})

test('what hangs never ends, and what is slow takes its time', async () => {
  const { clock, disk } = world()
  const file = disk.open('/a', { create: true })
  disk.fault = () => 'hang'
  await expect(clock.until(file.sync())).rejects.toThrow('still pending')
  disk.fault = () => ({ slowMs: 300 })
  const before = clock.monotonic()
  await clock.until(file.sync())
  expect(clock.monotonic() - before).toBe(300)
})
