import * as fs from 'node:fs'
import { dirname } from 'node:path'
import { DiskError, diskError } from '../disk-error.js'
import type { Disk, DiskSpace } from '../env.js'
import { openNodeFile } from './node-disk-file.js'
import { acquireNodeLock } from './node-disk-lock.js'

const READ_FILE_SIZE_MAX = 64 * 1024 * 1024

export function createNodeDisk(): Disk {
  return {
    open: openNodeFile,
    readFile,
    exists: (path) => fs.existsSync(path),
    stat,
    list: (path) => guard('list', path, () => listNames(path)),
    makeDirectory: (path) => guard('mkdir', path, () => void fs.mkdirSync(path, { recursive: true })),
    rename: (from, to) => guard('rename', from, () => fs.renameSync(from, to)),
    remove: (path) => guard('remove', path, () => fs.rmSync(path, { force: true })),
    removeTree: (path) => guard('remove', path, () => fs.rmSync(path, { force: true, recursive: true })),
    syncDirectory,
    space,
    acquireLock: acquireNodeLock,
  }
}

function guard<T>(operation: string, path: string, run: () => T): T {
  try {
    return run()
  } catch (error) {
    throw diskError(operation, path, error)
  }
}

function readFile(path: string, sizeMax = READ_FILE_SIZE_MAX): Buffer | undefined {
  const found = stat(path)
  if (found === undefined) return undefined
  if (found.size > sizeMax) throw new DiskError('read', path, 'EFBIG')
  return guard('read', path, () => fs.readFileSync(path))
}

function stat(path: string): ReturnType<Disk['stat']> {
  return guard('stat', path, () => {
    const found = fs.statSync(path, { throwIfNoEntry: false })
    if (found === undefined) return undefined
    return { size: found.size, mtimeMs: found.mtimeMs, isDirectory: found.isDirectory() }
  })
}

function listNames(path: string): string[] {
  if (!fs.existsSync(path)) return []
  return fs.readdirSync(path).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
}

/** Windows cannot open directories for sync; NTFS journals names itself. */
function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return Promise.resolve()
  return new Promise((resolve, reject) => {
    fs.open(path, 'r', (openError, descriptor) => {
      if (openError !== null) return reject(diskError('sync directory', path, openError))
      fs.fsync(descriptor, (syncError) => {
        fs.close(descriptor, () => {
          if (syncError === null) resolve()
          else reject(diskError('sync directory', path, syncError))
        })
      })
    })
  })
}

/** The path need not exist yet: its nearest existing parent answers. */
function space(path: string): DiskSpace {
  let at = path
  while (!fs.existsSync(at) && dirname(at) !== at) at = dirname(at)
  return guard('statfs', path, () => {
    const found = fs.statfsSync(at)
    const { blocks, bavail, bfree, bsize } = found
    return { total: blocks * bsize, free: bavail * bsize, used: (blocks - bfree) * bsize }
  })
}
