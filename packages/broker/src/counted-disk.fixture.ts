import type { Disk, DiskFile } from '@rockhopper/env'

let underWay = 0

/** Calls of counted disks that are on the pool now: what a broker does is at rest only without them. */
export function callsUnderWay(): number {
  return underWay
}

/** The same disk, with its calls on the pool counted. */
export function countedDisk(disk: Disk): Disk {
  return {
    ...disk,
    open: (path, options) => countedFile(disk.open(path, options)),
    syncDirectory: (path) => counted(disk.syncDirectory(path)),
    acquireLock: (directory) => counted(disk.acquireLock(directory)),
  }
}

function countedFile(file: DiskFile): DiskFile {
  return {
    path: file.path,
    size: () => file.size(),
    readSync: (...args) => file.readSync(...args),
    read: (...args) => counted(file.read(...args)),
    writeSync: (...args) => file.writeSync(...args),
    write: (...args) => counted(file.write(...args)),
    sync: () => counted(file.sync()),
    truncate: (size) => file.truncate(size),
    close: () => file.close(),
  }
}

async function counted<T>(call: Promise<T>): Promise<T> {
  underWay++
  try {
    return await call
  } finally {
    underWay--
  }
}
