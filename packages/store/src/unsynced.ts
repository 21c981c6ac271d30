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
  const failures: unknown[] = []
  const takeNext = async () => {
    for (let member = members.shift(); member !== undefined; member = members.shift()) {
      if (failures.length > 0) return
      if (!unsynced.delete(member)) continue
      try {
        await sync(member)
      } catch (error) {
        unsynced.add(member)
        failures.push(error)
      }
    }
  }
  await Promise.all(Array.from({ length: atOnce }, takeNext))
  if (failures.length > 0) throw failures[0]
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
