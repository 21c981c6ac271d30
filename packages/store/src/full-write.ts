import { AssertionError } from 'node:assert/strict'
import type { DiskFile } from '@rockhopper/env'
import { MqError } from '@rockhopper/message'

/** Bytes that reached the file before a write failed; `cause` is the disk's error. */
export class TornWrite extends Error {
  override readonly name = 'TornWrite'
  readonly taken: number
  constructor(taken: number, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause })
    this.taken = taken
  }
}

/** The system's code of a disk error (ENOSPC, EIO, ...), looked up through wrapping errors. */
export function diskErrorCode(error: unknown): string | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    if ('code' in at && typeof at.code === 'string' && /^E[A-Z0-9]+$/.test(at.code)) return at.code
  }
  return undefined
}

/** What a store says of a failure: what was attempted, and which call of the disk failed. */
export function storeError(attempted: string, cause: unknown): MqError {
  if (cause instanceof MqError) return cause
  const said = diskErrorCode(cause) === undefined ? '' : `: ${(cause as Error).message}`
  return new MqError('STORE_FAILED', `${attempted}${said}`, { cause })
}

/** No file could be opened: what was to be done with it was not tried. */
export function hasNoDescriptor(error: unknown): boolean {
  const code = diskErrorCode(error)
  return code === 'EMFILE' || code === 'ENFILE'
}

/** Our own mistakes are not the disk's: they pass through every catch. */
export function rethrowAssertion(error: unknown): void {
  if (error instanceof AssertionError) throw error
}

/** Writes all bytes, completing short writes (reliability-checklist 11). Throws TornWrite. */
export function writeFully(
  file: DiskFile,
  from: Uint8Array,
  at: number,
  length: number,
  position: number,
): void {
  let taken = 0
  try {
    while (taken < length)
      taken += progress(file.writeSync(from, at + taken, length - taken, position + taken))
  } catch (error) {
    throw new TornWrite(taken, error)
  }
}

/** As `writeFully`, on the pool. */
export async function writeFullyPooled(
  file: DiskFile,
  from: Uint8Array,
  at: number,
  length: number,
  position: number,
): Promise<void> {
  let taken = 0
  try {
    while (taken < length)
      taken += progress(await file.write(from, at + taken, length - taken, position + taken))
  } catch (error) {
    rethrowAssertion(error)
    throw new TornWrite(taken, error)
  }
}

const ZEROS = Buffer.alloc(64 * 1024)

/** Writes zeros over a range. Throws TornWrite. */
export function writeZeros(file: DiskFile, position: number, length: number): void {
  for (let done = 0; done < length; done += ZEROS.length) {
    writeFully(file, ZEROS, 0, Math.min(ZEROS.length, length - done), position + done)
  }
}

/** Reads until `length` bytes are there or the file ends; returns how many. */
export function readFully(
  file: DiskFile,
  into: Uint8Array,
  at: number,
  length: number,
  position: number,
): number {
  let taken = 0
  while (taken < length) {
    const count = file.readSync(into, at + taken, length - taken, position + taken)
    if (count === 0) break
    taken += count
  }
  return taken
}

/** As `readFully`, on the pool. */
export async function readFullyPooled(
  file: DiskFile,
  into: Uint8Array,
  at: number,
  length: number,
  position: number,
): Promise<number> {
  let taken = 0
  while (taken < length) {
    const count = await file.read(into, at + taken, length - taken, position + taken)
    if (count === 0) break
    taken += count
  }
  return taken
}

/** A disk that takes nothing and reports nothing would hold the loop for ever. */
function progress(count: number): number {
  if (count <= 0) throw Object.assign(new Error('the disk took no bytes'), { code: 'EIO' })
  return count
}
