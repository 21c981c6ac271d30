import * as fs from 'node:fs'
import { isStoreFree, type StoreDirectory } from '@rockhopper/store/inspect'

/** Who has a store open: our lock is asked, Apache's is looked up in the kernel's table of file locks. */
export async function storeUser(
  directory: Pick<StoreDirectory, 'env' | 'root'>,
): Promise<string | undefined> {
  if (!(await isStoreFree(directory))) return 'a Rockhopper broker'
  const pid = fileLockHolder(`${directory.root}/lock`)
  return pid === undefined ? undefined : `process ${pid} (Apache's broker locks the file 'lock' so)`
}

/**
 * The process with a POSIX lock on a file, from Linux's /proc/locks; undefined when none has, and on other
 * systems,
 * where it cannot be seen without native code.
 */
export function fileLockHolder(path: string): number | undefined {
  const found = fs.statSync(path, { throwIfNoEntry: false })
  if (found === undefined || !fs.existsSync('/proc/locks')) return undefined
  return holderIn(fs.readFileSync('/proc/locks', 'latin1'), found.ino)
}

/**
 * A line is `1: POSIX  ADVISORY  WRITE 1234 08:01:5678 0 EOF`: pid, then device and inode. The device is
 * not compared:
 * file systems made of several report one in stat and another here.
 */
export function holderIn(table: string, inode: number): number | undefined {
  for (const line of table.split('\n')) {
    const [, kind, , , pid, place] = line.trim().split(/\s+/)
    if (kind === 'POSIX' && place?.endsWith(`:${inode}`) === true) return Number(pid)
  }
  return undefined
}
