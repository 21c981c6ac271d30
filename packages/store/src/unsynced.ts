import type { Descriptors } from './descriptors.js'

/**
 * Takes what is in `unsynced` now out of it and syncs it. One that fails goes back before this rejects: the
 * next checkpoint must not pass over it. What is written meanwhile waits for the next call, or a busy
 * store would never come to the end of one.
 */
export async function takeEach(
  unsynced: Set<string>,
  sync: (member: string) => Promise<void>,
  atOnce = 1,
): Promise<void> {
  const members = [...unsynced]
  const takeNext = async () => {
    for (let member = members.shift(); member !== undefined; member = members.shift()) {
      if (!unsynced.delete(member)) continue
      try {
        await sync(member)
      } catch (error) {
        members.length = 0
        unsynced.add(member)
        throw error
      }
    }
  }
  const ends = await Promise.allSettled(Array.from({ length: atOnce }, takeNext))
  for (const end of ends) if (end.status === 'rejected') throw end.reason
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
