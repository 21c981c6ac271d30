import { expect, test } from '@jest/globals'
import { SimDisk, VirtualClock } from '@rockhopper/sim'
import { stateFile } from '@rockhopper/store'
import { VersionedTable } from './versioned-table.js'

const PATH = '/store/config/table.json'

function bench() {
  const clock = new VirtualClock()
  const disk = new SimDisk(clock)
  let renders = 0
  const table = new VersionedTable<number>({
    clock,
    file: stateFile(disk, PATH),
    what: 'table.json',
    saved: undefined,
    render: (entries, { counter }) => {
      renders++
      return JSON.stringify({ counter, entries: [...entries] })
    },
  })
  const saved = () =>
    JSON.parse(disk.bytes(PATH).toString()) as { counter: number; entries: [string, number][] }
  return { clock, disk, table, saved, renders: () => renders }
}

test('a change is visible when it is durable, not before', async () => {
  const { clock, table, saved } = bench()
  const put = table.put('a', 1)
  expect(table.get('a')).toBeUndefined()
  await clock.until(put)
  expect(table.get('a')).toBe(1)
  expect(saved()).toEqual({ counter: 1, entries: [['a', 1]] })
})

test('1,500 changes at once are two writes at most, each one counted and each one there', async () => {
  const { clock, table, saved, renders } = bench()
  const puts = Array.from({ length: 1_500 }, (_, i) => table.put(`group ${i}`, i))
  await clock.until(Promise.all(puts))
  expect(renders()).toBeLessThanOrEqual(2)
  expect(saved().counter).toBe(1_500)
  expect(saved().entries.length).toBe(1_500)
  expect(table.dataVersion.counter).toBe(1_500)
})

test('what changes during a write is in the next one, all of it', async () => {
  const { clock, disk, table, saved, renders } = bench()
  const first = table.put('a', 1)
  const others: Promise<void>[] = []
  disk.fault = ({ kind }) => {
    if (kind === 'sync' && others.length === 0) for (const i of [2, 3, 4]) others.push(table.put(`b${i}`, i))
    return undefined
  }
  await clock.until(first)
  expect(table.get('b2')).toBeUndefined()
  await clock.until(Promise.all(others))
  expect(renders()).toBe(2)
  expect(saved().entries.length).toBe(4)
})

test('of two changes of one name the later one counts, a removal too', async () => {
  const { clock, table, saved } = bench()
  await clock.until(Promise.all([table.put('a', 1), table.put('a', 2), table.put('b', 1)]))
  expect([...table.entries]).toEqual([
    ['a', 2],
    ['b', 1],
  ])
  expect(await clock.until(table.delete('a'))).toBe(true)
  expect(await clock.until(table.delete('a'))).toBe(false)
  expect(saved().entries).toEqual([['b', 1]])
})

test.each([
  ['ENOSPC', 'DISK_FULL', /^disk full: saving table\.json/],
  ['EDQUOT', 'DISK_FULL', /^disk full/],
  ['EROFS', 'DISK_FAILED', /saving table\.json: EROFS/],
  ['EMFILE', 'DISK_FAILED', /saving table\.json: EMFILE/],
])(
  '%s rejects all of one write with 14 and changes nothing; the next one works',
  async (code, name, remark) => {
    const { clock, disk, table } = bench()
    await clock.until(table.put('kept', 0))
    disk.fault = ({ kind }) => (kind === 'open' ? { code } : undefined)
    const outcomes = await clock.until(Promise.allSettled([table.put('a', 1), table.put('b', 2)]))
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: name, responseCode: 14 } })
      expect(String((outcome as PromiseRejectedResult).reason.message)).toMatch(remark)
    }
    expect([...table.entries]).toEqual([['kept', 0]])
    expect(table.dataVersion.counter).toBe(1)
    disk.fault = () => undefined
    await clock.until(table.put('a', 1))
    expect(table.get('a')).toBe(1)
    expect(table.dataVersion.counter).toBe(2)
  },
)

test("an error that is not the disk's passes as it is", async () => {
  const clock = new VirtualClock()
  const file = stateFile(new SimDisk(clock), PATH)
  const render = () => {
    throw new Error('planted')
  }
  const table = new VersionedTable<number>({ clock, file, what: 'x', saved: undefined, render })
  await expect(clock.until(table.put('a', 1))).rejects.toThrow('planted')
})

test('what changed since a version is told, and that something was deleted', async () => {
  const { clock, table } = bench()
  await clock.until(Promise.all([table.put('a', 1), table.put('b', 2)]))
  const { counter } = table.dataVersion
  expect([...(table.changesSince(0) ?? [])]).toEqual([
    ['a', 1],
    ['b', 2],
  ])
  await clock.until(Promise.all([table.put('c', 3), table.put('a', 4)]))
  expect([...(table.changesSince(counter) ?? [])]).toEqual([
    ['c', 3],
    ['a', 4],
  ])
  await clock.until(table.delete('b'))
  expect(table.changesSince(counter)).toBeUndefined()
  expect([...(table.changesSince(table.dataVersion.counter) ?? ['none'])]).toEqual([])
})
