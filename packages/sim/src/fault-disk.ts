import type { Clock, Disk, DiskFile, DiskLock, DiskSpace } from '@rockhopper/env'
import { type DiskOperation, type Fault, type FaultDetails, FaultPoint, Killed } from './fault-point.js'

export interface FaultDiskOptions {
  /** Slow calls on the pool wait on it. */
  readonly clock: Clock
  /** Told when a fault kills the process: around a real disk it does so. Default: every later call throws. */
  onKill?(): void
}

/**
 * Faults around any disk: an operation fails with a code, is short, slow, hangs, corrupts its bytes, or kills
 * the process. Operations are counted as `SimDisk` counts them, so that the n-th is the same one: what only
 * looks (stat, list, opening what exists) does not count.
 */
export class FaultDisk implements Disk {
  readonly #inner: Disk
  readonly #point = new FaultPoint()
  readonly #calls: Faults

  constructor(inner: Disk, options: FaultDiskOptions) {
    this.#inner = inner
    this.#calls = new Faults(this.#point, options)
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

  open(path: string, options: { readonly create?: boolean; readonly readonly?: boolean } = {}): DiskFile {
    this.#point.alive()
    if (options.create && !this.#inner.exists(path)) this.#calls.now('open', path)
    return new FaultDiskFile(this.#inner.open(path, options), this.#point, this.#calls)
  }

  readFile(path: string, sizeMax?: number): Buffer | undefined {
    this.#point.alive()
    return this.#inner.readFile(path, sizeMax)
  }

  exists(path: string): boolean {
    this.#point.alive()
    return this.#inner.exists(path)
  }

  stat(path: string) {
    this.#point.alive()
    return this.#inner.stat(path)
  }

  list(path: string): string[] {
    this.#point.alive()
    return this.#inner.list(path)
  }

  makeDirectory(path: string): void {
    this.#point.alive()
    if (this.#inner.exists(path)) return
    this.#calls.now('mkdir', path)
    this.#inner.makeDirectory(path)
  }

  rename(from: string, to: string): void {
    this.#calls.now('rename', from)
    this.#inner.rename(from, to)
  }

  remove(path: string): void {
    this.#point.alive()
    if (!this.#inner.exists(path)) return
    this.#calls.now('remove', path)
    this.#inner.remove(path)
  }

  removeTree(path: string): void {
    this.#calls.now('remove', path)
    this.#inner.removeTree(path)
  }

  syncDirectory(path: string): Promise<void> {
    return this.#calls.pooled('sync-directory', path, [0, 0], () => this.#inner.syncDirectory(path))
  }

  space(path: string): DiskSpace {
    this.#point.alive()
    return this.#inner.space(path)
  }

  async acquireLock(directory: string): Promise<DiskLock | undefined> {
    this.#point.alive()
    return this.#inner.acquireLock(directory)
  }
}

/** An open file whose operations meet faults. */
class FaultDiskFile implements DiskFile {
  readonly #inner: DiskFile
  readonly #point: FaultPoint
  readonly #calls: Faults

  constructor(inner: DiskFile, point: FaultPoint, calls: Faults) {
    this.#inner = inner
    this.#point = point
    this.#calls = calls
  }

  get path(): string {
    return this.#inner.path
  }

  size(): number {
    this.#point.alive()
    return this.#inner.size()
  }

  readSync(into: Uint8Array, at: number, length: number, position: number): number {
    const details = this.#calls.now('read', this.path, length, position)
    const count = this.#inner.readSync(into, at, taken(details, length), position)
    return this.#received(details, into, at, count)
  }

  read(into: Uint8Array, at: number, length: number, position: number): Promise<number> {
    return this.#calls.pooled('read', this.path, [length, position], async (details) => {
      const count = await this.#inner.read(into, at, taken(details, length), position)
      return this.#received(details, into, at, count)
    })
  }

  writeSync(from: Uint8Array, at: number, length: number, position: number): number {
    const details = this.#calls.now('write', this.path, length, position)
    const count = taken(details, length)
    const written = this.#inner.writeSync(changed(details, from, at, count), 0, count, position)
    this.#calls.finish('write', this.path, details)
    return written
  }

  write(from: Uint8Array, at: number, length: number, position: number): Promise<number> {
    return this.#calls.pooled('write', this.path, [length, position], async (details) => {
      const count = taken(details, length)
      const written = await this.#inner.write(changed(details, from, at, count), 0, count, position)
      this.#calls.finish('write', this.path, details)
      return written
    })
  }

  sync(): Promise<void> {
    return this.#calls.pooled('sync', this.path, [0, 0], () => this.#inner.sync())
  }

  truncate(size: number): void {
    this.#calls.now('truncate', this.path, size)
    this.#inner.truncate(size)
  }

  close(): void {
    // The end of a process closes its files, too.
    this.#inner.close()
  }

  #received(details: FaultDetails, into: Uint8Array, at: number, count: number): number {
    details.corrupt?.(into.subarray(at, at + count))
    this.#calls.finish('read', this.path, details)
    return count
  }
}

type Kind = DiskOperation['kind']

/** Asks for the fault of a call and does to the call what the fault says. */
class Faults {
  readonly #point: FaultPoint
  readonly #options: FaultDiskOptions

  constructor(point: FaultPoint, options: FaultDiskOptions) {
    this.#point = point
    this.#options = options
  }

  now(kind: Kind, path: string, length = 0, position = 0): FaultDetails {
    const details = this.#reported(() => this.#point.step(kind, path, length, position))
    if (details === 'hang' || details.slowMs !== undefined)
      throw new Error(`${kind} ${path} runs on the loop: only a call on the pool can hang or be slow here`)
    return details
  }

  async pooled<T>(
    kind: Kind,
    path: string,
    [length, position]: readonly [length: number, position: number],
    run: (details: FaultDetails) => Promise<T>,
  ): Promise<T> {
    try {
      const details = this.#reported(() => this.#point.step(kind, path, length, position))
      if (details === 'hang') return await never()
      const { slowMs } = details
      if (slowMs !== undefined)
        await new Promise<void>((resolve) => void this.#options.clock.after(slowMs, resolve))
      this.#point.alive()
      const result = await run(details)
      // A killed process never hears of the end of its calls.
      return this.#point.dead ? await never() : result
    } catch (error) {
      if (error instanceof Killed) return never()
      throw error
    }
  }

  /** What follows the bytes that were taken: the code, or the end. */
  finish(kind: Kind, path: string, details: FaultDetails): void {
    if (details.taken !== undefined) this.#reported(() => this.#point.finish(kind, path, details))
  }

  #reported<T>(run: () => T): T {
    const before = this.#point.dead
    try {
      return run()
    } finally {
      if (!before && this.#point.dead) this.#options.onKill?.()
    }
  }
}

function never<T>(): Promise<T> {
  return new Promise<T>(() => {})
}

function taken(details: FaultDetails, length: number): number {
  return Math.min(length, details.taken ?? length)
}

/** The bytes to write, as a view; a copy when the fault changes them. */
function changed({ corrupt }: FaultDetails, from: Uint8Array, at: number, count: number): Uint8Array {
  const bytes = from.subarray(at, at + count)
  if (corrupt === undefined) return bytes
  const copy = Uint8Array.from(bytes)
  corrupt(copy)
  return copy
}
