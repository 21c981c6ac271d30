import { setTimeout as delay } from 'node:timers/promises'
import { Client } from '@elastic/elasticsearch'
import type { MessageQueue, MessageView } from '@rockhopper/client'
import type { LogLine } from '@rockhopper/log-transport'
import { faultPoint } from '@rockhopper/logs-contracts'
import { afterLast, linesIn, type Refusals } from './archive-sink.js'
import { type BulkItem, verdictOn } from './bulk-verdict.js'
import { LINE_MAPPINGS } from './line-mappings.js'
import type { LineSink, SinkTold } from './sink.js'

const REQUEST_TIMEOUT_MS = 30_000
/** Of one bulk request: Elastic's advice is 5 to 15 MB. */
const BULK_LINES_MAX = 5_000
const BULK_SIZE_MAX = 5 * 1024 * 1024
/** Items that are to come later: then the whole run is tried again, where an ending service can stop it. */
const ITEM_TRIES = 4
const ITEM_PAUSE_MS = 250

/**
 * Every line as a document whose id is the line's id, in the index of the day on which it happened: a repeat
 * meets itself, however late, whoever writes it, as long as the index of that day is kept.
 */
export class ElasticsearchSink implements LineSink {
  readonly name = 'elasticsearch'
  readonly #client: Client
  readonly #prefix: string
  readonly #refuse: Refusals

  constructor(
    readonly consumerGroup: string,
    readonly address: string,
    prefix: string,
    refuse: Refusals,
  ) {
    // No retries in there: this sink knows which of its items are to be sent again.
    this.#client = new Client({ node: address, maxRetries: 0, requestTimeout: REQUEST_TIMEOUT_MS })
    this.#prefix = prefix
    this.#refuse = refuse
  }

  /** The template, before the first line can make an index without it. */
  async prepare(): Promise<void> {
    await this.#client.indices.putIndexTemplate({
      name: this.#prefix,
      index_patterns: [`${this.#prefix}-*`],
      // Above what Elasticsearch brings along for `logs-*-*`.
      priority: 500,
      template: { settings: { number_of_shards: 1, auto_expand_replicas: '0-1' }, mappings: LINE_MAPPINGS },
    })
  }

  /** The ids say what is there, so any offset at or before the truth will do. */
  nextOffset(): Promise<number | undefined> {
    return Promise.resolve(undefined)
  }

  async store(queue: MessageQueue, messages: readonly MessageView[], told: SinkTold): Promise<number> {
    const { lines, refused } = linesIn(messages)
    if (refused.length > 0) await this.#refuse(queue, refused, 'no line of the pipeline')
    told.refused(refused.length)
    for (const part of parts(lines)) await this.#storePart(queue, part, told)
    faultPoint('storage.after-bulk-before-commit')
    return afterLast(messages)
  }

  async tidy(): Promise<void> {}

  async close(): Promise<void> {
    await this.#client.close()
  }

  /** Until each line is stored, was there, or is among the refused. Rejects when some have to wait longer. */
  async #storePart(queue: MessageQueue, lines: readonly LogLine[], told: SinkTold): Promise<void> {
    let waiting = lines
    let why = ''
    for (let attempt = 0; attempt < ITEM_TRIES && waiting.length > 0; attempt++) {
      if (attempt > 0) await delay(ITEM_PAUSE_MS * 2 ** attempt)
      const later: LogLine[] = []
      for (const [at, item] of (await this.#bulk(waiting)).entries()) {
        const line = waiting[at] as LogLine
        const verdict = verdictOn(item)
        switch (verdict.kind) {
          case 'stored':
            told.stored(1)
            break
          case 'repeated':
            told.repeated(1)
            break
          case 'refused':
            await this.#refuse(queue, [JSON.stringify(line)], verdict.why)
            told.refused(1)
            break
          case 'later':
            why = verdict.why
            later.push(line)
        }
      }
      waiting = later
    }
    if (waiting.length > 0) throw new Error(`${waiting.length} lines have to wait: ${why}`)
  }

  /** An answer for each line, in the order of the lines. */
  async #bulk(lines: readonly LogLine[]): Promise<BulkItem[]> {
    const operations = lines.flatMap((line) => [
      { create: { _index: indexOf(this.#prefix, line), _id: line.id } },
      line,
    ])
    const { items } = await this.#client.bulk({ operations })
    return items.map(({ create }) => ({ status: create?.status ?? 500, error: create?.error }))
  }
}

/** `rockhopper-log-2026.11.21`: by the time of the event, so that a repeat finds its index on any day. */
export function indexOf(prefix: string, { at }: Pick<LogLine, 'at'>): string {
  return `${prefix}-${new Date(at).toISOString().split('T')[0]?.replaceAll('-', '.')}`
}

function parts(lines: readonly LogLine[]): LogLine[][] {
  const found: LogLine[][] = []
  let size = 0
  for (const line of lines) {
    const bytes = Buffer.byteLength(JSON.stringify(line))
    const last = found.at(-1)
    if (last === undefined || last.length === BULK_LINES_MAX || size + bytes > BULK_SIZE_MAX) {
      found.push([line])
      size = bytes
    } else {
      last.push(line)
      size += bytes
    }
  }
  return found
}
