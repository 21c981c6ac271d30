import { DiskError, type DiskFile } from '@rockhopper/env'
import type { FaultDetails, FaultPoint } from './fault-point.js'
import type { PageFile } from './page-file.js'
import type { PooledCalls } from './pooled-calls.js'

export interface SimDiskFileOptions {
  readonly readonly: boolean
  now(): number
  onRead(length: number): void
}

/** An open file of a simulated disk. */
export class SimDiskFile implements DiskFile {
  readonly path: string
  readonly #file: PageFile
  readonly #point: FaultPoint
  readonly #calls: PooledCalls
  readonly #options: SimDiskFileOptions
  #closed = false

  constructor(
    path: string,
    file: PageFile,
    point: FaultPoint,
    calls: PooledCalls,
    options: SimDiskFileOptions,
  ) {
    this.path = path
    this.#file = file
    this.#point = point
    this.#calls = calls
    this.#options = options
  }

  size(): number {
    this.#point.alive()
    this.#open()
    return this.#file.data.length
  }

  readSync(into: Uint8Array, at: number, length: number, position: number): number {
    this.#open()
    const details = onLoop(this.#readStep(length, position))
    this.#calls.stall(details)
    return this.#read(details, into, at, length, position)
  }

  async read(into: Uint8Array, at: number, length: number, position: number): Promise<number> {
    this.#open()
    return this.#calls.run(
      () => this.#readStep(length, position),
      (details) => this.#read(details, into, at, length, position),
    )
  }

  writeSync(from: Uint8Array, at: number, length: number, position: number): number {
    this.#writable()
    const details = onLoop(this.#point.step('write', this.path, length, position))
    this.#calls.stall(details)
    return this.#write(details, from, at, length, position)
  }

  async write(from: Uint8Array, at: number, length: number, position: number): Promise<number> {
    this.#writable()
    return this.#calls.run(
      () => this.#point.step('write', this.path, length, position),
      (details) => this.#write(details, from, at, length, position),
    )
  }

  async sync(): Promise<void> {
    this.#open()
    const ended = this.#file.startSync()
    return this.#calls.run(
      () => {
        try {
          return this.#point.step('sync', this.path, 0)
        } catch (error) {
          // Killed or refused: the pages stay as they are, and a refused sync leaves them clean.
          if (!this.#point.dead) ended(false)
          throw error
        }
      },
      () => ended(true),
    )
  }

  truncate(size: number): void {
    this.#writable()
    onLoop(this.#point.step('truncate', this.path, size))
    this.#file.truncate(size, this.#options.now())
  }

  close(): void {
    this.#closed = true
  }

  #readStep(length: number, position: number): FaultDetails | 'hang' {
    const details = this.#point.step('read', this.path, length, position)
    this.#options.onRead(length)
    return details
  }

  #read(details: FaultDetails, into: Uint8Array, at: number, length: number, position: number): number {
    const end = Math.min(position + Math.min(length, details.taken ?? length), this.#file.data.length)
    const count = this.#file.data.copy(into, at, Math.min(position, end), end)
    details.corrupt?.(into.subarray(at, at + count))
    this.#point.finish('read', this.path, details)
    return count
  }

  #write(details: FaultDetails, from: Uint8Array, at: number, length: number, position: number): number {
    const count = Math.min(length, details.taken ?? length)
    const bytes = from.subarray(at, at + count)
    const written = details.corrupt === undefined ? bytes : Uint8Array.from(bytes)
    details.corrupt?.(written)
    this.#file.write(written, position, this.#options.now())
    this.#point.finish('write', this.path, details)
    return count
  }

  #open(): void {
    if (this.#closed) throw new DiskError('use', this.path, 'EBADF')
  }

  #writable(): void {
    this.#open()
    if (this.#options.readonly) throw new DiskError('write', this.path, 'EBADF')
  }
}

function onLoop(details: FaultDetails | 'hang'): FaultDetails {
  if (details === 'hang') throw new Error('only a call on the pool can hang: choose another operation')
  return details
}
