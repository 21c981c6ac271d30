import * as fs from 'node:fs'
import { DiskError, diskError } from '../disk-error.js'
import type { DiskFile } from '../env.js'

export function openNodeFile(
  path: string,
  options: { readonly create?: boolean; readonly readonly?: boolean } = {},
): DiskFile {
  const flags = options.readonly
    ? fs.constants.O_RDONLY
    : fs.constants.O_RDWR | (options.create ? fs.constants.O_CREAT : 0)
  try {
    return new NodeDiskFile(path, fs.openSync(path, flags, 0o644))
  } catch (error) {
    throw diskError('open', path, error)
  }
}

class NodeDiskFile implements DiskFile {
  readonly path: string
  #descriptor: number
  /** Calls on the pool that still use the descriptor: it is closed only behind them, never under them. */
  #pending = 0
  #closed = false

  constructor(path: string, descriptor: number) {
    this.path = path
    this.#descriptor = descriptor
  }

  size(): number {
    return this.#sync('stat', (descriptor) => fs.fstatSync(descriptor).size)
  }

  readSync(into: Uint8Array, at: number, length: number, position: number): number {
    return this.#sync('read', (descriptor) => fs.readSync(descriptor, into, at, length, position))
  }

  read(into: Uint8Array, at: number, length: number, position: number): Promise<number> {
    return this.#pooled('read', (descriptor, done) => fs.read(descriptor, into, at, length, position, done))
  }

  writeSync(from: Uint8Array, at: number, length: number, position: number): number {
    return this.#sync('write', (descriptor) => fs.writeSync(descriptor, from, at, length, position))
  }

  write(from: Uint8Array, at: number, length: number, position: number): Promise<number> {
    return this.#pooled('write', (descriptor, done) => fs.write(descriptor, from, at, length, position, done))
  }

  async sync(): Promise<void> {
    await this.#pooled('sync', (descriptor, done) => fs.fdatasync(descriptor, (error) => done(error, 0)))
  }

  truncate(size: number): void {
    this.#sync('truncate', (descriptor) => fs.ftruncateSync(descriptor, size))
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    if (this.#pending === 0) this.#closeNow()
  }

  #sync<T>(operation: string, run: (descriptor: number) => T): T {
    if (this.#closed) throw new DiskError(operation, this.path, 'EBADF')
    try {
      return run(this.#descriptor)
    } catch (error) {
      throw diskError(operation, this.path, error)
    }
  }

  #pooled(
    operation: string,
    run: (descriptor: number, done: (error: Error | null, count: number) => void) => void,
  ): Promise<number> {
    if (this.#closed) return Promise.reject(new DiskError(operation, this.path, 'EBADF'))
    this.#pending++
    return new Promise((resolve, reject) => {
      run(this.#descriptor, (error, count) => {
        this.#pending--
        if (this.#closed && this.#pending === 0) this.#closeNow()
        if (error === null) resolve(count)
        else reject(diskError(operation, this.path, error))
      })
    })
  }

  #closeNow(): void {
    const descriptor = this.#descriptor
    this.#descriptor = -1
    fs.closeSync(descriptor)
  }
}
