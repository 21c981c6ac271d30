import { type Disk, DiskError, type DiskFile, type DiskLock, type DiskSpace } from '@rockhopper/env'
import { type DiskOperation, type Fault, FaultPoint } from './fault-point.js'
import { NamesJournal } from './names-journal.js'
import { PageFile } from './page-file.js'
import { parentOf, resolved } from './path.js'
import { PooledCalls, type PoolHost } from './pooled-calls.js'
import { SimDiskFile } from './sim-disk-file.js'

const READ_FILE_SIZE_MAX = 64 * 1024 * 1024

/** What a disk needs of the world: the time, and the pool its slow calls end in. */
export type SimDiskHost = PoolHost & {
  now(): number
}

/**
 * A disk in memory that behaves: a page cache above sectors, names that are durable only after a sync of
 * their directory, and faults at chosen operations. `afterKill` and `afterPowerLoss` give what the next
 * process finds.
 */
export class SimDisk implements Disk {
  readonly #host: SimDiskHost
  readonly #point = new FaultPoint()
  readonly #calls: PooledCalls
  #names = new NamesJournal()
  #directories = new Set<string>(['/'])
  #locks = new Set<string>()
  /** Told of each read; reads do not count as operations. */
  onRead: (path: string, length: number) => void = () => undefined
  /** Bytes of the whole disk, as `space` says. */
  total = 2 ** 40
  /** Bytes taken by others; what the files here take comes on top. */
  usedByOthers = 2 ** 39

  constructor(host: SimDiskHost) {
    this.#host = host
    this.#calls = new PooledCalls(host)
  }

  /** Asked before each operation that may change something. */
  get fault(): (operation: DiskOperation) => Fault {
    return this.#point.fault
  }

  set fault(fault: (operation: DiskOperation) => Fault) {
    this.#point.fault = fault
  }

  /** Asked before each read of an open file. */
  set readFault(fault: (operation: DiskOperation) => Fault) {
    this.#point.readFault = fault
  }

  get operations(): number {
    return this.#point.operations
  }

  get dead(): boolean {
    return this.#point.dead
  }

  /** The process ends now. */
  kill(): void {
    this.#point.kill()
  }

  /** What a new process finds: the page cache survives. */
  afterKill(host: SimDiskHost): SimDisk {
    const next = new SimDisk(host)
    next.#names = this.#names.copy()
    next.#directories = new Set(this.#directories)
    return next
  }

  /**
   * What is found after the power went: of the names not synced a prefix in their order; of the bytes not
   * synced any choice of sectors (or of pages), in any order; of the sizes the old or the new.
   */
  afterPowerLoss(host: SimDiskHost, random: () => number): SimDisk {
    const next = new SimDisk(host)
    next.#names = this.#names.afterPowerLoss(random)
    for (const path of next.#names.paths()) next.#addDirectories(path)
    return next
  }

  /** The bytes of a file, for tests that look or damage. */
  bytes(path: string): Buffer {
    return this.#existing('open', path).expose()
  }

  /** A file that is there and durable, for tests that prepare a disk. */
  put(path: string, bytes: Uint8Array): void {
    this.#addDirectories(path)
    this.#names.put(path, new PageFile(Buffer.from(bytes), this.#host.now()))
  }

  paths(): string[] {
    return this.#names.paths().sort()
  }

  open(given: string, options: { readonly create?: boolean; readonly readonly?: boolean } = {}): DiskFile {
    this.#point.alive()
    const path = resolved(given)
    let file = this.#names.get(path)
    if (file === undefined) {
      if (!options.create || options.readonly) throw new DiskError('open', given, 'ENOENT')
      if (this.#directories.has(path)) throw new DiskError('open', given, 'EISDIR')
      this.#point.step('open', path, 0)
      if (!this.#isDirectory(parentOf(path))) throw new DiskError('open', given, 'ENOENT')
      file = new PageFile(Buffer.alloc(0), this.#host.now())
      this.#names.link(path, file)
    }
    return new SimDiskFile(path, file, this.#point, this.#calls, {
      now: () => this.#host.now(),
      onRead: (length) => this.onRead(path, length),
      readonly: options.readonly ?? false,
    })
  }

  readFile(path: string, sizeMax = READ_FILE_SIZE_MAX): Buffer | undefined {
    this.#point.alive()
    const file = this.#names.get(resolved(path))
    if (file === undefined) return undefined
    if (file.data.length > sizeMax) throw new DiskError('read', path, 'EFBIG')
    return Buffer.from(file.data)
  }

  exists(path: string): boolean {
    return this.stat(path) !== undefined
  }

  stat(given: string) {
    this.#point.alive()
    const path = resolved(given)
    const file = this.#names.get(path)
    if (file !== undefined) return { size: file.data.length, mtimeMs: file.mtimeMs, isDirectory: false }
    return this.#isDirectory(path) ? { size: 0, mtimeMs: this.#host.now(), isDirectory: true } : undefined
  }

  list(given: string): string[] {
    this.#point.alive()
    const path = resolved(given)
    const inside = path === '/' ? path : `${path}/`
    const names = new Set<string>()
    for (const other of [...this.#names.paths(), ...this.#directories]) {
      const name = other.startsWith(inside) ? other.slice(inside.length).split('/')[0] : ''
      if (name !== undefined && name !== '') names.add(name)
    }
    return [...names].sort()
  }

  makeDirectory(given: string): void {
    this.#point.alive()
    const path = resolved(given)
    if (this.#isDirectory(path)) return
    this.#point.step('mkdir', path, 0)
    this.#addDirectories(`${path}/x`)
  }

  rename(from: string, to: string): void {
    this.#point.step('rename', resolved(from), 0)
    if (!this.#isDirectory(parentOf(resolved(to)))) throw new DiskError('rename', to, 'ENOENT')
    if (this.#isDirectory(resolved(from))) return this.#renameDirectory(resolved(from), resolved(to))
    this.#names.rename(resolved(from), resolved(to), this.#existing('rename', from))
  }

  remove(given: string): void {
    this.#point.alive()
    const path = resolved(given)
    if (this.#names.get(path) === undefined) return
    this.#point.step('remove', path, 0)
    this.#names.unlink(path)
  }

  removeTree(given: string): void {
    const path = resolved(given)
    this.#point.step('remove', path, 0)
    const inside = (other: string) => other === path || other.startsWith(`${path}/`)
    for (const other of this.#names.paths()) if (inside(other)) this.#names.unlink(other)
    for (const other of [...this.#directories]) if (inside(other)) this.#directories.delete(other)
  }

  syncDirectory(given: string): Promise<void> {
    const path = resolved(given)
    return this.#calls.run(
      () => this.#point.step('sync-directory', path, 0),
      () => {
        if (!this.#isDirectory(path)) throw new DiskError('sync directory', path, 'ENOENT')
        this.#names.sync(path)
      },
    )
  }

  space(_path: string): DiskSpace {
    let used = this.usedByOthers
    for (const { allocated } of this.#names.files()) used += allocated
    return { total: this.total, free: Math.max(0, this.total - used), used: Math.min(used, this.total) }
  }

  async acquireLock(given: string): Promise<DiskLock | undefined> {
    this.#point.alive()
    const directory = resolved(given)
    if (this.#locks.has(directory)) return undefined
    this.#locks.add(directory)
    return { release: async () => void this.#locks.delete(directory) }
  }

  #existing(operation: string, path: string): PageFile {
    const file = this.#names.get(resolved(path))
    if (file === undefined) throw new DiskError(operation, path, 'ENOENT')
    return file
  }

  /** Onto nothing or an empty directory, as rename(2). */
  #renameDirectory(from: string, to: string): void {
    if (this.list(to).length > 0) throw new DiskError('rename', to, 'ENOTEMPTY')
    this.#names.moveTree(from, to)
    for (const path of [...this.#directories]) {
      if (path !== from && !path.startsWith(`${from}/`)) continue
      this.#directories.delete(path)
      this.#directories.add(`${to}${path.slice(from.length)}`)
    }
  }

  #isDirectory(path: string): boolean {
    return this.#directories.has(path)
  }

  #addDirectories(path: string): void {
    for (let at = parentOf(path); at !== '/'; at = parentOf(at)) this.#directories.add(at)
  }
}
