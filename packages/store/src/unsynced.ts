import type { Descriptors } from './descriptors.js'

/**
 * Takes what is in `unsynced` now out of it and syncs it. One that fails goes back before this rejects: the
 * next checkpoint must not pass over it. What is written meanwhile waits for the next call, or a busy
 * store would never come to the end of one. `atOnce` is asked anew before each: a call under way can be
 * hurried.
 */
export async function takeEach(
  unsynced: Set<string>,
  sync: (member: string) => Promise<void>,
  atOnce = () => 1,
): Promise<void> {
  // The next one last: each `shift` of 40,000 would move all the others.
  const members = [...unsynced].reverse()
  const ends: Promise<unknown>[] = []
  const failures: unknown[] = []
  let started = 0
  const start = () => {
    while (started < atOnce() && members.length > 0) {
      started++
      ends.push(takeNext().catch((error: unknown) => failures.push(error)))
    }
  }
  const takeNext = async () => {
    for (let member = members.pop(); member !== undefined; member = members.pop()) {
      if (!unsynced.delete(member)) continue
      try {
        const syncing = sync(member)
        start()
        await syncing
      } catch (error) {
        members.length = 0
        unsynced.add(member)
        throw error
      }
    }
  }
  start()
  // One that is hurried has more of them by and by.
  for (const end of ends) await end
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
