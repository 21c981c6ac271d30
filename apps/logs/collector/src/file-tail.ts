import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { Logger } from '@nestjs/common'
import { type LogLine, lineId } from '@rockhopper/log-transport'
import { faultPoint, pause } from '@rockhopper/logs-contracts'
import type { CollectorSettings } from './collector-settings.js'
import type { LogSending } from './log-sending.js'
import { rotatedFiles } from './rotated-files.js'
import { tailLine } from './tail-line.js'
import type { PositionFile, TailPosition } from './tail-position.js'
import { TailedFile } from './tailed-file.js'

const BACKOFF_MIN_MS = 200
const BACKOFF_MAX_MS = 10_000
const NOTHING_READ = { size: 0, hash: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855' }

export interface TailState {
  readonly path: string
  readonly position: number
  readonly lines: number
  /** Why it stands still; absent while it works. */
  readonly down?: string
}

interface Reading {
  readonly file: TailedFile
  position: TailPosition
  /** When it was seen that the name belongs to another file, by `performance.now`. */
  renamedAt: number | undefined
}

/**
 * Follows one file over renames and truncations, and sends its lines in order. The position is saved after
 * the broker's acknowledgement: what is sent again after a crash has the ids it had before.
 */
export class FileTail {
  readonly #logger: Logger
  #reading: Reading | undefined
  /** The one that was read to its end last. */
  #finished: TailPosition | undefined
  #lines = 0
  #down: string | undefined

  constructor(
    private readonly path: string,
    private readonly settings: CollectorSettings,
    private readonly sending: LogSending,
    private readonly positions: PositionFile,
  ) {
    this.#logger = new Logger(`tail ${path}`)
  }

  state(): TailState {
    const state = { path: this.path, position: this.#reading?.position.position ?? 0, lines: this.#lines }
    return this.#down === undefined ? state : { ...state, down: this.#down }
  }

  async run(signal: AbortSignal): Promise<void> {
    let pauseMs = BACKOFF_MIN_MS
    while (!signal.aborted) {
      try {
        const moved = await this.#step(signal)
        this.#down = undefined
        pauseMs = BACKOFF_MIN_MS
        if (!moved) await pause(this.settings.pollMs, signal)
      } catch (error) {
        this.#down = String(error)
        this.#logger.warn(`${this.#down}; again in ${pauseMs} ms`)
        await pause(pauseMs, signal)
        pauseMs = Math.min(2 * pauseMs, BACKOFF_MAX_MS)
      }
    }
    await this.#reading?.file.close()
  }

  /** True when there may be more at once. */
  async #step(signal: AbortSignal): Promise<boolean> {
    this.#reading ??= await this.#open()
    const reading = this.#reading
    if (reading === undefined) return false
    if (!(await reading.file.continues(reading.position))) reading.position = begunAnew(reading.position)
    const ended = await this.#isOver(reading)
    if (await this.#send(reading, ended, signal)) return true
    if (!ended) return false
    await reading.file.close()
    this.#finished = reading.position
    this.#reading = undefined
    return true
  }

  /** Where the last run stopped; the beginning of the file when nothing is known. */
  async #open(): Promise<Reading | undefined> {
    const saved = await this.positions.get(this.path)
    const path = await this.#nextPath(this.#finished ?? saved)
    const file = await TailedFile.open(path)
    if (file === undefined) return undefined
    const { device, inode, born } = file
    const renamedAt = path === this.path ? undefined : performance.now()
    if (saved !== undefined && saved.device === device && saved.inode === inode)
      return { file, position: saved, renamedAt }
    const position = { device, inode, generation: 0, position: 0, head: NOTHING_READ, lastAt: born }
    return { file, position, renamedAt }
  }

  /** After `last`, the oldest renamed file that came after it; then the one that has the name. */
  async #nextPath(last: TailPosition | undefined): Promise<string> {
    if (last === undefined || (await this.#hasName(last))) return this.path
    const [same, after] = await rotatedFiles(this.path, last)
    return (this.#finished === undefined ? same : after) ?? this.path
  }

  /** One round of lines. False when there were none. */
  async #send(reading: Reading, ended: boolean, signal: AbortSignal): Promise<boolean> {
    const { file, position } = reading
    const texts = await file.lines(position.position, ended)
    const last = texts.at(-1)
    if (last === undefined || signal.aborted) return false
    const identity = `${position.device}:${position.inode}:${position.generation}`
    const { source } = this.settings
    let at = position.lastAt
    const lines: LogLine[] = []
    for (const { text, from } of texts) {
      if (text.trim() === '') continue
      const id = lineId({ kind: 'tail', source, file: identity, position: from })
      const line = tailLine(id, text, { service: basename(this.path).replace(/\..*$/, ''), at })
      at = line.at
      lines.push(line)
    }
    const key = `${basename(this.path)}@${position.position}`
    if (lines.length > 0)
      await this.sending.send(
        lines,
        { key, shardingKey: `${source} ${this.path}` },
        'collector.between-messages',
      )
    faultPoint('collector.after-ack-before-position')
    const head = await file.head(last.next)
    reading.position = { ...position, position: last.next, head, lastAt: at }
    this.#lines += lines.length
    await this.positions.set(this.path, reading.position)
    return true
  }

  /** The file lost its name, and whoever wrote it had the time to notice. */
  async #isOver(reading: Reading): Promise<boolean> {
    if (await this.#hasName(reading.position)) return false
    reading.renamedAt ??= performance.now()
    return performance.now() - reading.renamedAt >= this.settings.rotationGraceMs
  }

  async #hasName({ device, inode }: Pick<TailPosition, 'device' | 'inode'>): Promise<boolean> {
    try {
      const { dev, ino } = await stat(this.path)
      return dev === device && ino === inode
    } catch (error) {
      // Between a rename and the new file there is none: the old one goes on for now.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true
      throw error
    }
  }
}

/** The same file, truncated: what comes now is new. */
const begunAnew = (position: TailPosition): TailPosition => ({
  ...position,
  generation: position.generation + 1,
  position: 0,
  head: NOTHING_READ,
})
