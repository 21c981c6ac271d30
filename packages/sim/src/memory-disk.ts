import type { Clock, Disk } from '@rockhopper/env'
import { SimDisk } from './sim-disk.js'

/**
 * A disk in memory without faults, for tests that need a store but no files. Calls on the pool end at the end
 * of a turn of `clock`, which may be the real one or a virtual one. What it holds is gone with the object.
 */
export function createMemoryDisk(clock: Clock): Disk {
  return new SimDisk({
    now: () => clock.now(),
    pool: { push: (job) => clock.endOfTurn(job) },
    skip: () => undefined,
  })
}
