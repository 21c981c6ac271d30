import { equal, ok, rejects, throws } from 'node:assert/strict'
import { DiskError } from '../disk-error.js'
import type { EnvCase } from './env-case.js'

const hasCode = (code: string) => (error: unknown) => error instanceof DiskError && error.code === code

/** What every `Disk` does, real or simulated. */
export const diskCases: readonly EnvCase[] = [
  {
    name: 'what was written is read back, by either way of writing and reading',
    async run({ disk }, directory) {
      const file = disk.open(`${directory}/a`, { create: true })
      equal(file.writeSync(Buffer.from('hello'), 0, 5, 0), 5)
      equal(await file.write(Buffer.from('xxworld'), 2, 5, 5), 5)
      const into = Buffer.alloc(12)
      equal(file.readSync(into, 1, 11, 0), 10)
      equal(into.toString('latin1'), '\0helloworld\0')
      const again = Buffer.alloc(4)
      equal(await file.read(again, 0, 4, 3), 4)
      equal(again.toString(), 'lowo')
      await file.sync()
      equal(file.size(), 10)
      file.close()
    },
  },
  {
    name: 'a read at or behind the end gives 0 bytes',
    async run({ disk }, directory) {
      const file = disk.open(`${directory}/a`, { create: true })
      file.writeSync(Buffer.from('abc'), 0, 3, 0)
      equal(file.readSync(Buffer.alloc(4), 0, 4, 3), 0)
      equal(await file.read(Buffer.alloc(4), 0, 4, 100), 0)
      file.close()
    },
  },
  {
    name: 'truncate extends with zeros and shortens',
    async run({ disk }, directory) {
      const file = disk.open(`${directory}/a`, { create: true })
      file.writeSync(Buffer.from('abc'), 0, 3, 0)
      file.truncate(6)
      const into = Buffer.alloc(6, 1)
      equal(file.readSync(into, 0, 6, 0), 6)
      equal(into.toString('latin1'), 'abc\0\0\0')
      file.truncate(2)
      equal(file.size(), 2)
      file.close()
    },
  },
  {
    name: 'opening what does not exist is ENOENT, and a closed file is EBADF',
    async run({ disk }, directory) {
      throws(() => disk.open(`${directory}/none`), hasCode('ENOENT'))
      const file = disk.open(`${directory}/a`, { create: true })
      file.close()
      file.close()
      throws(() => file.size(), hasCode('EBADF'))
      await rejects(file.sync(), hasCode('EBADF'))
    },
  },
  {
    name: 'rename replaces, list is sorted, remove forgives, stat tells size and kind',
    async run({ disk }, directory) {
      for (const name of ['b', 'a', 'c']) {
        const file = disk.open(`${directory}/${name}`, { create: true })
        file.writeSync(Buffer.from(name), 0, 1, 0)
        file.close()
      }
      disk.rename(`${directory}/b`, `${directory}/a`)
      await disk.syncDirectory(directory)
      equal(disk.list(directory).join(), 'a,c')
      equal(disk.readFile(`${directory}/a`)?.toString(), 'b')
      disk.remove(`${directory}/a`)
      disk.remove(`${directory}/a`)
      equal(disk.readFile(`${directory}/a`), undefined)
      equal(disk.stat(`${directory}/a`), undefined)
      equal(disk.stat(`${directory}/c`)?.size, 1)
      equal(disk.stat(directory)?.isDirectory, true)
      equal(disk.list(`${directory}/nowhere`).length, 0)
    },
  },
  {
    name: 'a directory is renamed with all it holds',
    async run({ disk }, directory) {
      disk.makeDirectory(`${directory}/old/inner`)
      disk.open(`${directory}/old/inner/file`, { create: true }).close()
      disk.rename(`${directory}/old`, `${directory}/new`)
      await disk.syncDirectory(directory)
      equal(disk.exists(`${directory}/old`), false)
      equal(disk.list(`${directory}/new/inner`).join(), 'file')
    },
  },
  {
    name: 'directories are made with their parents and removed with what they hold',
    async run({ disk }, directory) {
      disk.makeDirectory(`${directory}/x/y/z`)
      disk.makeDirectory(`${directory}/x/y/z`)
      disk.open(`${directory}/x/y/z/f`, { create: true }).close()
      ok(disk.exists(`${directory}/x/y/z/f`))
      disk.removeTree(`${directory}/x`)
      equal(disk.exists(`${directory}/x`), false)
    },
  },
  {
    name: 'a file larger than the limit is refused, not read',
    async run({ disk }, directory) {
      const file = disk.open(`${directory}/a`, { create: true })
      file.truncate(11)
      file.close()
      throws(() => disk.readFile(`${directory}/a`, 10), hasCode('EFBIG'))
    },
  },
  {
    name: 'a directory is locked once, and again after its release',
    async run({ disk }, directory) {
      const first = await disk.acquireLock(directory)
      ok(first !== undefined)
      equal(await disk.acquireLock(`${directory}/../${directory.split('/').at(-1)}`), undefined)
      await first.release()
      const second = await disk.acquireLock(directory)
      ok(second !== undefined)
      await second.release()
    },
  },
  {
    name: 'used and free space are together at most the total',
    async run({ disk }, directory) {
      const { total, free, used } = disk.space(`${directory}/not/yet/there`)
      ok(total > 0 && free >= 0 && used >= 0 && free + used <= total)
    },
  },
]
