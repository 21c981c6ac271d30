import type { Disk } from '@rockhopper/env'
import { hasNoDescriptor } from './full-write.js'

/**
 * A disk whose calls need not fail for want of a descriptor: then `relieve` closes some files, and the call
 * is tried once more. `relieve` says whether it could.
 */
export function sparingDisk(disk: Disk, relieve: () => boolean): Disk {
  const now = <T>(run: () => T): T => {
    try {
      return run()
    } catch (error) {
      if (!hasNoDescriptor(error) || !relieve()) throw error
      return run()
    }
  }
  return {
    open: (path, options) => now(() => disk.open(path, options)),
    readFile: (path, sizeMax) => now(() => disk.readFile(path, sizeMax)),
    exists: (path) => disk.exists(path),
    stat: (path) => disk.stat(path),
    list: (path) => now(() => disk.list(path)),
    makeDirectory: (path) => disk.makeDirectory(path),
    rename: (from, to) => disk.rename(from, to),
    remove: (path) => disk.remove(path),
    removeTree: (path) => now(() => disk.removeTree(path)),
    syncDirectory: (path) =>
      disk.syncDirectory(path).catch((error) => {
        if (!hasNoDescriptor(error) || !relieve()) throw error
        return disk.syncDirectory(path)
      }),
    space: (path) => disk.space(path),
    acquireLock: (directory) => disk.acquireLock(directory),
  }
}
