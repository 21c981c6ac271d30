import { type Disk, DiskError, type DiskFile, type DiskLock } from '@rockhopper/env'
import type { VirtualClock } from './virtual-clock.fixture.js'

const SECTOR = 512

interface Inode {
  /** What a process sees. */
  data: Buffer
  /** What was synced. */
  durable: Buffer
}

type NameOperation =
  | { readonly kind: 'link'; readonly path: string; readonly inode: Inode; readonly renamedFrom?: string }
  | { readonly kind: 'unlink'; readonly path: string }

/** An operation about to happen; `n` counts from 1. */
export interface DiskOperation {
  readonly n: number
  readonly kind:
    | 'open'
    | 'write'
    | 'sync'
    | 'truncate'
    | 'rename'
    | 'remove'
    | 'mkdir'
    | 'sync-directory'
    | 'read'
  readonly path: string
  readonly length: number
}

/**
 * undefined: goes on. A number: so many bytes are taken, then the code is thrown if one is given. kill: the
 * process ends here.
 */
export type Fault =
  | undefined
  | { readonly taken?: number; readonly code?: string; readonly slowMs?: number }
  | 'kill'

/** Thrown at every call after the process was killed. */
export class Killed extends Error {}

/**
 * A disk in memory that behaves: a page cache above sectors, names that are durable only after a sync of
 * their directory, and faults at chosen operations. `afterKill` and `afterPowerLoss` give what the next
 * process finds.
 */
export class MemoryDisk implements Disk {
  readonly #clock: VirtualClock
  #names = new Map<string, Inode>()
  #durableNames = new Map<string, Inode>()
  #pendingNames: NameOperation[] = []
  #directories = new Set<string>(['/'])
  #locks = new Set<string>()
  #count = 0
  #dead = false
  /** Asked before each operation. */
  fault: (operation: DiskOperation) => Fault = () => undefined
  /** Told of each read; reads do not count as operations. */
  onRead: (path: string, length: number) => void = () => undefined

  constructor(clock: VirtualClock) {
    this.#clock = clock
  }

  get operations(): number {
    return this.#count
  }

  get dead(): boolean {
    return this.#dead
  }

  /** The process ends now. */
  kill(): void {
    this.#dead = true
  }

  /** What a new process finds: the page cache survives. */
  afterKill(clock: VirtualClock): MemoryDisk {
    const next = new MemoryDisk(clock)
    const copies = new Map<Inode, Inode>()
    const copyOf = (inode: Inode) => {
      const copy = copies.get(inode) ?? { data: Buffer.from(inode.data), durable: Buffer.from(inode.durable) }
      copies.set(inode, copy)
      return copy
    }
    for (const [path, inode] of this.#names) next.#names.set(path, copyOf(inode))
    for (const [path, inode] of this.#durableNames) next.#durableNames.set(path, copyOf(inode))
    next.#pendingNames = this.#pendingNames.map((operation) =>
      operation.kind === 'link' ? { ...operation, inode: copyOf(operation.inode) } : operation,
    )
    next.#directories = new Set(this.#directories)
    return next
  }

  /**
   * What is found after the power went: of the names not synced a prefix in their order; of the bytes not
   * synced any choice of 512-byte sectors, in any order; of the sizes the old or the new.
   */
  afterPowerLoss(clock: VirtualClock, random: () => number): MemoryDisk {
    const next = new MemoryDisk(clock)
    const kept = Math.floor(random() * (this.#pendingNames.length + 1))
    const names = new Map(this.#durableNames)
    for (const operation of this.#pendingNames.slice(0, kept)) apply(operation, names)
    for (const [path, inode] of names) {
      const data = torn(inode, random)
      next.#names.set(path, { data, durable: Buffer.from(data) })
    }
    next.#durableNames = new Map(next.#names)
    for (const path of next.#names.keys()) next.#addDirectories(path)
    return next
  }

  /** The bytes of a file, for tests that look or damage. */
  bytes(path: string): Buffer {
    const inode = this.#names.get(path)
    if (inode === undefined) throw new DiskError('open', path, 'ENOENT')
    return inode.data
  }

  put(path: string, bytes: Uint8Array): void {
    this.#addDirectories(path)
    this.#names.set(path, { data: Buffer.from(bytes), durable: Buffer.from(bytes) })
    this.#durableNames.set(path, this.#names.get(path) as Inode)
  }

  paths(): string[] {
    return [...this.#names.keys()].sort()
  }

  open(path: string, options: { readonly create?: boolean } = {}): DiskFile {
    this.#alive()
    let inode = this.#names.get(path)
    if (inode === undefined) {
      if (!options.create) throw new DiskError('open', path, 'ENOENT')
      this.#step('open', path, 0)
      if (!this.#directories.has(parent(path))) throw new DiskError('open', path, 'ENOENT')
      inode = { data: Buffer.alloc(0), durable: Buffer.alloc(0) }
      this.#link(path, inode)
    }
    return this.#file(path, inode)
  }

  readFile(path: string): Buffer | undefined {
    this.#alive()
    const inode = this.#names.get(path)
    return inode === undefined ? undefined : Buffer.from(inode.data)
  }

  exists(path: string): boolean {
    this.#alive()
    return this.#names.has(path) || this.#directories.has(path)
  }

  stat(path: string) {
    this.#alive()
    const inode = this.#names.get(path)
    if (inode !== undefined) return { size: inode.data.length, mtimeMs: this.#clock.wall, isDirectory: false }
    return this.#directories.has(path) ? { size: 0, mtimeMs: this.#clock.wall, isDirectory: true } : undefined
  }

  list(path: string): string[] {
    this.#alive()
    const names = new Set<string>()
    for (const other of [...this.#names.keys(), ...this.#directories]) {
      if (other.startsWith(`${path}/`)) names.add(other.slice(path.length + 1).split('/')[0] as string)
    }
    return [...names].sort()
  }

  makeDirectory(path: string): void {
    this.#alive()
    if (this.#directories.has(path)) return
    this.#step('mkdir', path, 0)
    this.#addDirectories(`${path}/x`)
  }

  rename(from: string, to: string): void {
    this.#step('rename', from, 0)
    const inode = this.#names.get(from)
    if (inode === undefined) throw new DiskError('rename', from, 'ENOENT')
    this.#names.delete(from)
    this.#names.set(to, inode)
    this.#pendingNames.push({ kind: 'link', path: to, inode, renamedFrom: from })
  }

  remove(path: string): void {
    this.#alive()
    if (!this.#names.has(path)) return
    this.#step('remove', path, 0)
    this.#unlink(path)
  }

  removeTree(path: string): void {
    this.#step('remove', path, 0)
    for (const other of [...this.#names.keys()]) if (other.startsWith(`${path}/`)) this.#unlink(other)
    for (const other of [...this.#directories]) {
      if (other === path || other.startsWith(`${path}/`)) this.#directories.delete(other)
    }
  }

  syncDirectory(path: string): Promise<void> {
    return this.#pooled(() => {
      this.#step('sync-directory', path, 0)
      if (!this.#directories.has(path)) throw new DiskError('sync directory', path, 'ENOENT')
      // One journal: what is before the last name of this directory becomes durable with it.
      const last = this.#pendingNames.findLastIndex((operation) => parent(operation.path) === path)
      for (const operation of this.#pendingNames.splice(0, last + 1)) apply(operation, this.#durableNames)
    })
  }

  space(): { total: number; free: number; used: number } {
    return { total: 2 ** 40, free: 2 ** 39, used: 2 ** 39 }
  }

  async acquireLock(directory: string): Promise<DiskLock | undefined> {
    this.#alive()
    if (this.#locks.has(directory)) return undefined
    this.#locks.add(directory)
    return { release: async () => void this.#locks.delete(directory) }
  }

  #file(path: string, inode: Inode): DiskFile {
    let closed = false
    const open = () => {
      this.#alive()
      if (closed) throw new DiskError('use', path, 'EBADF')
    }
    const readSync = (into: Uint8Array, at: number, length: number, position: number): number => {
      open()
      this.#step('read', path, length)
      return inode.data.copy(into, at, position, Math.min(position + length, inode.data.length))
    }
    const writeSync = (from: Uint8Array, at: number, length: number, position: number): number => {
      open()
      const { taken, code } = this.#step('write', path, length)
      const count = Math.min(length, taken ?? length)
      resize(inode, Math.max(inode.data.length, count === 0 ? 0 : position + count))
      inode.data.set(from.subarray(at, at + count), position)
      if (code !== undefined) throw new DiskError('write', path, code)
      return count
    }
    return {
      path,
      size: () => {
        open()
        return inode.data.length
      },
      readSync,
      writeSync,
      read: (...call) => this.#pooled(() => readSync(...call)),
      write: (...call) => this.#pooled(() => writeSync(...call)),
      sync: () =>
        this.#pooled(() => {
          this.#step('sync', path, 0)
          inode.durable = Buffer.from(inode.data)
        }),
      truncate: (size) => {
        open()
        this.#step('truncate', path, size)
        resize(inode, size)
      },
      close: () => {
        closed = true
      },
    }
  }

  /** Counts an operation and applies its fault. A code without `taken` bytes is thrown at once. */
  #step(kind: DiskOperation['kind'], path: string, length: number): { taken?: number; code?: string } {
    this.#alive()
    if (kind === 'read') {
      this.onRead(path, length)
      return {}
    }
    const fault = this.fault({ n: ++this.#count, kind, path, length })
    if (fault === 'kill') {
      this.#dead = true
      throw new Killed(`killed at operation ${this.#count}: ${kind} ${path}`)
    }
    if (fault?.slowMs !== undefined) this.#clock.skip(fault.slowMs)
    if (fault?.code !== undefined && fault.taken === undefined) throw new DiskError(kind, path, fault.code)
    return fault ?? {}
  }

  #alive(): void {
    if (this.#dead) throw new Killed('this process was killed')
  }

  /** A killed process never hears of the end of its calls. */
  #pooled<T>(run: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#clock.pool.push(() => {
        try {
          resolve(run())
        } catch (error) {
          if (!(error instanceof Killed)) reject(error)
        }
      })
    })
  }

  #link(path: string, inode: Inode): void {
    this.#names.set(path, inode)
    this.#pendingNames.push({ kind: 'link', path, inode })
  }

  #unlink(path: string): void {
    this.#names.delete(path)
    this.#pendingNames.push({ kind: 'unlink', path })
  }

  #addDirectories(path: string): void {
    for (let at = parent(path); at !== '' && at !== '/'; at = parent(at)) this.#directories.add(at)
  }
}

function apply(operation: NameOperation, names: Map<string, Inode>): void {
  if (operation.kind === 'unlink') return void names.delete(operation.path)
  if (operation.renamedFrom !== undefined) names.delete(operation.renamedFrom)
  names.set(operation.path, operation.inode)
}

function parent(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')))
}

function resize(inode: Inode, size: number): void {
  if (size === inode.data.length) return
  const data = Buffer.alloc(size)
  inode.data.copy(data, 0, 0, Math.min(size, inode.data.length))
  inode.data = data
}

function torn({ data, durable }: Inode, random: () => number): Buffer {
  const size = random() < 0.5 ? data.length : durable.length
  const found = Buffer.alloc(size)
  for (let at = 0; at < size; at += SECTOR) {
    const newer = random() < 0.5
    const from = newer ? data : durable
    from.copy(found, at, Math.min(at, from.length), Math.min(at + SECTOR, from.length, size))
  }
  return found
}
