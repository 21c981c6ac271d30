import { createHash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import type { TailPosition } from './tail-position.js'

export const READ_SIZE_MAX = 512 * 1024
const HEAD_SIZE_MAX = 1_024
const LINE_END = 10

/** A line, and where in its file it begins and where the next one does. */
export interface TailedText {
  readonly text: string
  readonly from: number
  readonly next: number
}

/** A file that is open: it stays the same one when its name goes to another. */
export class TailedFile {
  readonly device: number
  readonly inode: number
  /** Ms since 1970. */
  readonly born: number
  readonly #handle: FileHandle

  private constructor(handle: FileHandle, stats: { dev: number; ino: number; birthtimeMs: number }) {
    this.#handle = handle
    this.device = stats.dev
    this.inode = stats.ino
    this.born = Math.trunc(stats.birthtimeMs)
  }

  /** Undefined when there is no such file. */
  static async open(path: string): Promise<TailedFile | undefined> {
    try {
      const handle = await open(path, 'r')
      return new TailedFile(handle, await handle.stat())
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    }
  }

  /** Whether these are the bytes that were read up to `position`, as far as size and beginning tell. */
  async continues({ position, head }: Pick<TailPosition, 'position' | 'head'>): Promise<boolean> {
    const { size } = await this.#handle.stat()
    return size >= position && (await this.#hash(head.size)) === head.hash
  }

  async head(position: number): Promise<TailPosition['head']> {
    const size = Math.min(position, HEAD_SIZE_MAX)
    return { size, hash: await this.#hash(size) }
  }

  /**
   * Whole lines from `position` on, at most `READ_SIZE_MAX` bytes. `ended`: nothing more will be written, so
   * that what is left without a line end is a line. A line that is longer than that comes in pieces.
   */
  async lines(position: number, ended: boolean): Promise<TailedText[]> {
    const chunk = await this.#read(position, READ_SIZE_MAX)
    const found: TailedText[] = []
    let start = 0
    for (let end = chunk.indexOf(LINE_END); end >= 0; end = chunk.indexOf(LINE_END, start)) {
      found.push(piece(chunk, position, start, end, end + 1))
      start = end + 1
    }
    const isFull = chunk.length === READ_SIZE_MAX
    if (start < chunk.length && (isFull ? start === 0 : ended))
      found.push(piece(chunk, position, start, chunk.length, chunk.length))
    return found
  }

  close(): Promise<void> {
    return this.#handle.close()
  }

  async #hash(size: number): Promise<string> {
    return createHash('sha256')
      .update(await this.#read(0, size))
      .digest('hex')
  }

  async #read(position: number, size: number): Promise<Buffer> {
    const { buffer, bytesRead } = await this.#handle.read(Buffer.alloc(size), 0, size, position)
    return buffer.subarray(0, bytesRead)
  }
}

function piece(chunk: Buffer, position: number, start: number, end: number, next: number): TailedText {
  const text = chunk.toString('utf8', start, end)
  return {
    text: text.endsWith('\r') ? text.slice(0, -1) : text,
    from: position + start,
    next: position + next,
  }
}
