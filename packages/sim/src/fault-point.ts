import { DiskError } from '@rockhopper/env'

/** An operation about to happen; `n` counts from 1. Reads are counted by themselves. */
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
  /** Of a read or write: byte in the file; 0 for all else. */
  readonly position: number
}

/**
 * What happens to an operation. undefined: nothing. 'kill': the process ends before it. 'hang': a pooled call
 * that never ends.
 */
export type Fault = undefined | 'kill' | 'hang' | FaultDetails

export interface FaultDetails {
  /** So many bytes of a write are taken; then `code` or `kill`, if there is one. */
  readonly taken?: number
  /** The system's code that the call fails with. Without `taken` nothing has happened. */
  readonly code?: string
  /** The process ends behind the bytes of `taken`. */
  readonly kill?: true
  /** The call takes this long. */
  readonly slowMs?: number
  /** Changes the bytes that are written, or that were read. */
  readonly corrupt?: (bytes: Uint8Array) => void
}

/** Thrown at every call after the process was killed. */
export class Killed extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'Killed'
  }
}

/** Counts the operations of a disk and asks what happens to each. */
export class FaultPoint {
  #count = 0
  #reads = 0
  #dead = false
  /** Asked before each operation that may change something. */
  fault: (operation: DiskOperation) => Fault = () => undefined
  /** Asked before each read of a file. */
  readFault: (operation: DiskOperation) => Fault = () => undefined

  get operations(): number {
    return this.#count
  }

  get dead(): boolean {
    return this.#dead
  }

  kill(): void {
    this.#dead = true
  }

  alive(): void {
    if (this.#dead) throw new Killed('this process was killed')
  }

  /** Counts an operation. Throws Killed, or the DiskError of a call that fails before it did anything. */
  step(kind: DiskOperation['kind'], path: string, length: number, position = 0): FaultDetails | 'hang' {
    this.alive()
    const fault =
      kind === 'read'
        ? this.readFault({ n: ++this.#reads, kind, path, length, position })
        : this.fault({ n: ++this.#count, kind, path, length, position })
    if (fault === undefined) return {}
    if (fault === 'hang') return fault
    const details: FaultDetails = fault === 'kill' ? { kill: true } : fault
    if (details.taken === undefined) this.finish(kind, path, details)
    return details
  }

  /** What a fault leads to behind the bytes that were taken. */
  finish(kind: DiskOperation['kind'], path: string, { code, kill }: FaultDetails): void {
    if (kill) {
      this.#dead = true
      throw new Killed(`killed at operation ${this.#count}: ${kind} ${path}`)
    }
    if (code !== undefined) throw new DiskError(kind, path, code)
  }
}
