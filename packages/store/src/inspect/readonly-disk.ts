import { type Disk, DiskError } from '@rockhopper/env'

/**
 * A disk that only reads: the store's own loading code runs on it and changes nothing. What loading would
 * tidy
 * up (an empty last file, a directory to make) is left as it is.
 */
export function readonlyDisk(disk: Disk): Disk {
  const refuse = (operation: string, path: string): never => {
    throw new DiskError(operation, path, 'EROFS')
  }
  return {
    open: (path) => disk.open(path, { readonly: true }),
    readFile: (path, sizeMax) => disk.readFile(path, sizeMax),
    exists: (path) => disk.exists(path),
    stat: (path) => disk.stat(path),
    list: (path) => disk.list(path),
    makeDirectory: () => {},
    remove: () => {},
    removeTree: () => {},
    rename: (from) => refuse('rename', from),
    syncDirectory: async (path) => refuse('sync', path),
    space: (path) => disk.space(path),
    acquireLock: (directory) => disk.acquireLock(directory),
  }
}
