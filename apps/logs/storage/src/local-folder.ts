import { link, mkdir, open, readdir, readFile, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Folder, FolderEntry } from './folder.js'

/** A folder of this machine, with the archive's promises: `create` and `rename` survive a power cut. */
export class LocalFolder implements Folder {
  constructor(readonly address: string) {}

  async list(path: string): Promise<readonly FolderEntry[]> {
    const entries = await ignoring('ENOENT', readdir(join(this.address, path), { withFileTypes: true }))
    return Promise.all(
      (entries ?? []).map(async (entry) => {
        const found = entry.isFile()
          ? await ignoring('ENOENT', stat(join(entry.parentPath, entry.name)))
          : undefined
        return { name: entry.name, isFolder: entry.isDirectory(), size: found?.size ?? 0 }
      }),
    )
  }

  async create(path: string, content: Uint8Array): Promise<void> {
    const whole = join(this.address, path)
    await mkdir(dirname(whole), { recursive: true })
    const file = await open(whole, 'wx')
    try {
      await file.writeFile(content)
      await file.sync()
    } finally {
      await file.close()
    }
  }

  read(path: string): Promise<Buffer> {
    return readFile(join(this.address, path))
  }

  /** `rename` of POSIX replaces its target; a hard link refuses to. */
  async rename(from: string, to: string): Promise<boolean> {
    const target = join(this.address, to)
    await mkdir(dirname(target), { recursive: true })
    try {
      await link(join(this.address, from), target)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EEXIST' || code === 'ENOENT') return false
      throw error
    }
    await rm(join(this.address, from), { force: true })
    const folder = await open(dirname(target), 'r')
    try {
      await folder.sync()
    } finally {
      await folder.close()
    }
    return true
  }

  async remove(path: string): Promise<void> {
    await rm(join(this.address, path), { force: true })
  }
}

async function ignoring<T>(code: string, work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === code) return undefined
    throw error
  }
}
