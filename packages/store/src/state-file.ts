import type { Disk } from '@rockhopper/env'
import { MqError } from '@rockhopper/message'
import { rethrowAssertion, writeFully } from './full-write.js'

/** Bytes of the largest file that is read: tables of a million entries fit. */
const SIZE_MAX = 1024 ** 3

/** One file that is always replaced as a whole, with its previous version beside it as `.bak`. */
export interface StateFile {
  /**
   * What was saved last, through `parse`. A file that is missing, empty or that `parse` throws for is passed
   * over for its `.bak`. Undefined when there is neither. Throws MqError CONFIG_UNREADABLE naming the file
   * when one is there but none can be read.
   */
  load<T>(parse: (text: string) => T): T | undefined
  /**
   * Resolves when the text is durable under its name: temp file, fdatasync, `.bak`, rename, fsync of the
   * directory. Calls are done one after the other; of several that wait only the last is written. Rejects
   * with DiskError.
   */
  save(text: string): Promise<void>
}

export function stateFile(disk: Disk, path: string): StateFile {
  let running: Promise<void> | undefined
  let waiting: { text: string; done: Promise<void> } | undefined
  return {
    load: (parse) => load(disk, path, parse),
    save(text) {
      if (waiting !== undefined) {
        waiting.text = text
        return waiting.done
      }
      if (running === undefined) return start(text)
      const next = { text, done: Promise.resolve() }
      waiting = next
      // Whether the one before failed is its caller's news.
      next.done = running.then(
        () => startWaiting(next),
        () => startWaiting(next),
      )
      return next.done
    },
  }

  function start(text: string): Promise<void> {
    running = replace(disk, path, text).finally(() => {
      running = undefined
    })
    return running
  }

  function startWaiting(next: { readonly text: string }): Promise<void> {
    waiting = undefined
    return start(next.text)
  }
}

async function replace(disk: Disk, path: string, text: string): Promise<void> {
  const directory = parentOf(path)
  const temporary = `${path}.tmp`
  if (!disk.exists(directory)) {
    disk.makeDirectory(directory)
    await disk.syncDirectory(parentOf(directory))
  }
  const bytes = Buffer.from(text)
  disk.remove(temporary)
  const file = disk.open(temporary, { create: true })
  try {
    writeFully(file, bytes, 0, bytes.length, 0)
    await file.sync()
  } finally {
    file.close()
  }
  // Between the two renames only .bak exists: load takes it.
  if (disk.exists(path)) disk.rename(path, `${path}.bak`)
  disk.rename(temporary, path)
  await disk.syncDirectory(directory)
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/'))) || '.'
}

function load<T>(disk: Disk, path: string, parse: (text: string) => T): T | undefined {
  let found = false
  let cause: unknown
  for (const candidate of [path, `${path}.bak`]) {
    const bytes = disk.readFile(candidate, SIZE_MAX)
    if (bytes === undefined) continue
    found = true
    try {
      if (bytes.length === 0) continue
      const state = parse(bytes.toString('utf8'))
      // The next save would keep the unreadable file as .bak, in place of the one that was just read.
      if (candidate !== path) disk.remove(path)
      return state
    } catch (error) {
      rethrowAssertion(error)
      cause ??= error
    }
  }
  if (!found) return undefined
  throw new MqError('CONFIG_UNREADABLE', `loading '${path}' and its .bak`, { cause })
}
