import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { pathOf } from './archive-name.js'
import { compactHour, filesIn, settleOverlaps, textsOf } from './archive-repair.js'
import type { Folder } from './folder.js'
import { LocalFolder } from './local-folder.js'

const HOUR = 'dt=2026-11-20/hour=08'

let directory: string
let folder: LocalFolder
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'rockhopper-archive-'))
  folder = new LocalFolder(directory)
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

/** One line for each offset. */
async function write(queue: string, from: number, next: number, padding = ''): Promise<void> {
  const lines = Array.from({ length: next - from }, (_, n) => `{"id":"${queue}-${from + n}${padding}"}\n`)
  await folder.create(pathOf({ folder: HOUR, queue, from, next }), gzipSync(lines.join('')))
}

const names = async (): Promise<string[]> =>
  (await filesIn(folder, HOUR)).map(({ queue, from, next }) => `${queue} ${from}-${next}`).sort()

async function ids(): Promise<string[]> {
  const files = await filesIn(folder, HOUR)
  const texts = await Promise.all(files.map(async (file) => textsOf(await folder.read(pathOf(file)))))
  return texts.flat().map((text) => (JSON.parse(text) as { id: string }).id)
}

const every = (queue: string, from: number, next: number): string[] =>
  Array.from({ length: next - from }, (_, n) => `${queue}-${from + n}`)

test('small neighbours of a queue become one file, and no line goes or comes twice', async () => {
  for (const from of [0, 10, 20]) await write('a.0', from, from + 10)
  await write('a.1', 0, 5)
  // A gap: other offsets are between them.
  await write('a.0', 50, 60)
  expect(await compactHour(folder, HOUR)).toBe(2)
  expect(await names()).toEqual(['a.0 0-30', 'a.0 50-60', 'a.1 0-5'])
  expect((await ids()).sort()).toEqual(
    [...every('a.0', 0, 30), ...every('a.0', 50, 60), ...every('a.1', 0, 5)].sort(),
  )
  expect(await compactHour(folder, HOUR)).toBe(0)
})

test('so many files become several, of 64 parts at most', async () => {
  for (let from = 0; from < 70; from++) await write('a.0', from, from + 1)
  await compactHour(folder, HOUR)
  expect(await names()).toEqual(['a.0 0-64', 'a.0 64-70'])
  expect((await ids()).sort()).toEqual(every('a.0', 0, 70).sort())
})

test('a crash at any step of a compaction leaves every line, and once after the next look', async () => {
  const parts = [0, 10, 20]
  for (let step = 1; ; step++) {
    const dying = diesAt(step)
    for (const from of parts) await write('a.0', from, from + 10)
    const ended = await compactHour(dying, HOUR).catch((error: unknown) => String(error))
    expect(new Set(await ids())).toEqual(new Set(every('a.0', 0, 30)))
    await settleOverlaps(folder, HOUR, 'a.0')
    expect((await ids()).sort()).toEqual(every('a.0', 0, 30).sort())
    for (const file of await filesIn(folder, HOUR)) await folder.remove(pathOf(file))
    if (ended === 2) return
    expect(ended).toBe('Error: died')
  }
})

test('what two writers left overlapping is merged, each line once', async () => {
  await write('a.0', 0, 10)
  await write('a.0', 5, 20)
  await write('a.0', 12, 18)
  await settleOverlaps(folder, HOUR, 'a.0')
  expect(await names()).toEqual(['a.0 0-20'])
  expect((await ids()).sort()).toEqual(every('a.0', 0, 20).sort())
})

/** The folder, until its n-th change: that one and those after it do not happen. */
function diesAt(step: number): Folder {
  let changes = 0
  const alive = <T>(change: () => Promise<T>): Promise<T> =>
    ++changes >= step ? Promise.reject(new Error('died')) : change()
  return {
    address: folder.address,
    list: (path) => folder.list(path),
    read: (path) => folder.read(path),
    create: (path, content) => alive(() => folder.create(path, content)),
    rename: (from, to) => alive(() => folder.rename(from, to)),
    remove: (path) => alive(() => folder.remove(path)),
  }
}
