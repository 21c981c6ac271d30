import type { Descriptors } from './descriptors.js'

/**
 * Takes what is in `unsynced` now out of it and syncs it. One that fails goes back before this rejects: the
 * next checkpoint must not pass over it. What is written meanwhile waits for the next call, or a busy
 * store would never come to the end of one.
 */
export async function takeEach(
  unsynced: Set<string>,
  sync: (member: string) => Promise<void>,
): Promise<void> {
  for (const member of [...unsynced]) {
    if (!unsynced.delete(member)) continue
    try {
      await sync(member)
    } catch (error) {
      unsynced.add(member)
      throw error
    }
  }
}

/** Makes a file's bytes durable. Throws what the disk throws. */
export async function syncFile(descriptors: Descriptors, path: string): Promise<void> {
  const held = descriptors.hold(path)
  try {
    await held.file.sync()
  } finally {
    held.release()
  }
}
