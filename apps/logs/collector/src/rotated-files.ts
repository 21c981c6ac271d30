import { readdir, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { TailPosition } from './tail-position.js'

/** Compressed copies hold what was read before. */
const COMPRESSED = /\.(gz|bz2|xz|zst)$/

/**
 * What a file was renamed to, from the one that was being read to the newest, when it no longer has its name:
 * `app.log.1` or `app.log-20261121` beside `app.log`. Empty when the one that was being read is gone.
 */
export async function rotatedFiles(path: string, { device, inode }: TailPosition): Promise<string[]> {
  const folder = dirname(path)
  const base = basename(path)
  const names = (await readdir(folder)).filter(
    (name) => name.length > base.length && name.startsWith(base) && /^[.-]/.test(name.slice(base.length)),
  )
  const found = await Promise.all(
    names
      .filter((name) => !COMPRESSED.test(name))
      .map(async (name) => {
        const { dev, ino, mtimeMs, birthtimeMs } = await stat(join(folder, name))
        return { path: join(folder, name), dev, ino, mtimeMs, birthtimeMs }
      }),
  )
  // Within one tick of the kernel's clock only the birth tells who was first.
  found.sort((a, b) => a.mtimeMs - b.mtimeMs || a.birthtimeMs - b.birthtimeMs)
  const from = found.findIndex(({ dev, ino }) => dev === device && ino === inode)
  return from < 0 ? [] : found.slice(from).map((one) => one.path)
}
