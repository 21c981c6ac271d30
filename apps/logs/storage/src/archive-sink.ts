import { randomUUID } from 'node:crypto'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { MessageQueue, MessageView } from '@rockhopper/client'
import { type LogLine, linesOf } from '@rockhopper/log-transport'
import { faultPoint, queueName, RecentIds } from '@rockhopper/logs-contracts'
import { type ArchiveFile, folderOf, pathOf } from './archive-name.js'
import { compactHour, filesIn, hourFolders, settleOverlaps, textsOf } from './archive-repair.js'
import type { Folder } from './folder.js'
import type { LineSink, SinkTold } from './sink.js'

const compress = promisify(gzip)

/** Lines per queue in which a repeated id is noticed. README.md tells what that means. */
export const REPEAT_WINDOW_LINES = 50_000

/** Older hours have been tidied while they were among the newest. */
const TIDY_HOURS = 3

export type Refusals = (queue: MessageQueue, texts: readonly string[], why: string) => Promise<void>

/**
 * Files `dt=…/hour=…/<queue>-<from>-<next>.ndjson.gz`, each written as `_tmp/…`, closed, and renamed.
 * The names are the truth about what is kept: committed offsets only tell operators how far behind this is.
 */
export class ArchiveSink implements LineSink {
  readonly name: string
  readonly consumerGroup: string
  readonly #folder: Folder
  readonly #refuse: Refusals
  readonly #recent = new Map<string, RecentIds>()

  constructor(name: string, consumerGroup: string, folder: Folder, refuse: Refusals) {
    this.name = name
    this.consumerGroup = consumerGroup
    this.#folder = folder
    this.#refuse = refuse
  }

  get address(): string {
    return this.#folder.address
  }

  async prepare(): Promise<void> {
    await this.#folder.list('')
  }

  /** Also puts in order what a crash left, and learns the newest ids again. */
  async nextOffset(queue: MessageQueue): Promise<number | undefined> {
    const name = queueName(queue)
    const recent = new RecentIds(REPEAT_WINDOW_LINES)
    let next: number | undefined
    const pages: ArchiveFile[] = []
    let lines = 0
    for (const path of await hourFolders(this.#folder)) {
      await settleOverlaps(this.#folder, path, name)
      const files = (await filesIn(this.#folder, path)).filter((file) => file.queue === name)
      for (const file of files.sort((a, b) => b.next - a.next)) {
        next = Math.max(next ?? 0, file.next)
        if (lines >= REPEAT_WINDOW_LINES) break
        const ids = textsOf(await this.#folder.read(pathOf(file))).map(
          (text) => (JSON.parse(text) as LogLine).id,
        )
        lines += ids.length
        recent.addOlder(ids)
        pages.push(file)
      }
      if (lines >= REPEAT_WINDOW_LINES) break
    }
    this.#recent.set(name, recent)
    return next
  }

  async store(queue: MessageQueue, messages: readonly MessageView[], told: SinkTold): Promise<number> {
    let next = messages[0]?.queueOffset ?? 0
    for (const hour of byHour(messages)) {
      next = await this.#storeHour(queue, hour, told)
      if (next !== afterLast(hour)) break
    }
    return next
  }

  async tidy(): Promise<void> {
    const now = folderOf(Date.now())
    for (const path of (await hourFolders(this.#folder)).slice(0, TIDY_HOURS)) {
      const queues = new Set((await filesIn(this.#folder, path)).map(({ queue }) => queue))
      for (const queue of queues) await settleOverlaps(this.#folder, path, queue)
      if (path !== now) await compactHour(this.#folder, path)
    }
  }

  async close(): Promise<void> {}

  async #storeHour(queue: MessageQueue, messages: readonly MessageView[], told: SinkTold): Promise<number> {
    const name = queueName(queue)
    const first = messages[0] as MessageView
    const next = afterLast(messages)
    const recent = this.#recent.get(name) ?? new RecentIds(REPEAT_WINDOW_LINES)
    this.#recent.set(name, recent)
    const { lines, refused } = linesIn(messages)
    if (refused.length > 0) await this.#refuse(queue, refused, 'no line of the pipeline')
    const fresh = recent.unseen(lines)
    const file = { folder: folderOf(first.storeTimestamp), queue: name, from: first.queueOffset, next }
    const temporary = `_tmp/${name}-${randomUUID()}`
    await this.#folder.create(
      temporary,
      await compress(fresh.map((line) => `${JSON.stringify(line)}\n`).join('')),
    )
    faultPoint('storage.after-write-before-rename')
    const renamed = await this.#folder.rename(temporary, pathOf(file))
    // Somebody else wrote exactly these offsets, or this writer did and did not hear of it.
    if (!renamed) await this.#folder.remove(temporary)
    faultPoint('storage.after-rename-before-commit')
    if (await this.#isAlone(file)) {
      recent.addNewer(fresh)
      told.stored(renamed ? fresh.length : 0)
      told.repeated(lines.length - fresh.length)
      told.refused(refused.length)
      return next
    }
    await settleOverlaps(this.#folder, file.folder, name)
    return (await this.nextOffset(queue)) ?? next
  }

  /** Nobody else wrote offsets of this file. */
  async #isAlone(file: Omit<ArchiveFile, 'size'>): Promise<boolean> {
    const others = (await filesIn(this.#folder, file.folder)).filter((other) => other.queue === file.queue)
    const overlapping = others.filter((other) => other.from < file.next && file.from < other.next)
    return overlapping.length === 1 && overlapping[0]?.from === file.from && overlapping[0].next === file.next
  }
}

export function linesIn(messages: readonly MessageView[]): { lines: LogLine[]; refused: string[] } {
  const bodies = messages.map(({ body }) => linesOf(body))
  return { lines: bodies.flatMap(({ lines }) => lines), refused: bodies.flatMap(({ refused }) => refused) }
}

export const afterLast = (messages: readonly MessageView[]): number =>
  (messages.at(-1)?.queueOffset ?? -1) + 1

/** Runs of messages that were stored in one hour. */
function byHour(messages: readonly MessageView[]): MessageView[][] {
  const hours: MessageView[][] = []
  for (const message of messages) {
    const run = hours.at(-1)
    const first = run?.[0]
    if (first !== undefined && folderOf(first.storeTimestamp) === folderOf(message.storeTimestamp))
      run?.push(message)
    else hours.push([message])
  }
  return hours
}
