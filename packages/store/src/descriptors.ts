import type { Disk, DiskFile } from '@rockhopper/env'

interface Descriptor {
  readonly file: DiskFile
  holds: number
  /** Closed as soon as nobody holds it. */
  retired: boolean
}

export interface HeldFile {
  readonly file: DiskFile
  release(): void
}

/**
 * One least-recently-used set of open files for all data files. A file that is held (a pooled call is under
 * way) is never closed; so the limit may be passed by as many files as are held.
 * Where the system has fewer descriptors than that, the limit becomes half of what there were.
 */
export class Descriptors {
  readonly #disk: Disk
  #limit: number
  readonly #open = new Map<string, Descriptor>()

  constructor(disk: Disk, limit = 512) {
    this.#disk = disk
    this.#limit = limit
  }

  /** An open file for calls that end before control returns to the loop. Throws DiskError. */
  file(path: string, create = false): DiskFile {
    return this.#descriptor(path, create).file
  }

  /**
   * The system has no descriptor left: closes half of the files, and keeps so few from now on; the others are
   * for sockets. False when there is nothing to close.
   */
  relieve(): boolean {
    const before = this.#open.size
    this.#limit = Math.max(1, before >> 1)
    this.#shrink()
    return this.#open.size < before
  }

  /** An open file for pooled calls; the caller must release it. Throws DiskError. */
  hold(path: string): HeldFile {
    const descriptor = this.#descriptor(path, false)
    descriptor.holds++
    let held = true
    return {
      file: descriptor.file,
      release: () => {
        if (!held) return
        held = false
        descriptor.holds--
        if (descriptor.retired && descriptor.holds === 0) descriptor.file.close()
      },
    }
  }

  /** Pooled calls under way on a file that was not retired. */
  holds(path: string): number {
    return this.#open.get(path)?.holds ?? 0
  }

  /** Forgets a file, so that it can be removed. */
  retire(path: string): void {
    const descriptor = this.#open.get(path)
    if (descriptor === undefined) return
    this.#open.delete(path)
    descriptor.retired = true
    if (descriptor.holds === 0) descriptor.file.close()
  }

  /** Forgets all files below a directory. */
  retireTree(directory: string): void {
    for (const path of [...this.#open.keys()]) if (path.startsWith(`${directory}/`)) this.retire(path)
  }

  retireAll(): void {
    for (const path of [...this.#open.keys()]) this.retire(path)
  }

  #descriptor(path: string, create: boolean): Descriptor {
    const known = this.#open.get(path)
    if (known !== undefined) {
      this.#open.delete(path)
      this.#open.set(path, known)
      return known
    }
    const descriptor = { file: this.#disk.open(path, { create }), holds: 0, retired: false }
    this.#open.set(path, descriptor)
    this.#shrink()
    return descriptor
  }

  #shrink(): void {
    for (const [path, { holds }] of this.#open) {
      if (this.#open.size <= this.#limit) return
      if (holds === 0) this.retire(path)
    }
  }
}
