import type { Message } from '@rockhopper/message'
import type { LogLine } from './log-line.js'

/**
 * A body before compression. Well below the broker's 4 MiB, so that one message is one quick unit of
 * work.
 */
export const BATCH_SIZE_MAX = 512 * 1024
export const BATCH_LINES_MAX = 1_000

export interface BatchAddress {
  readonly topic: string
  /**
   * Batches of one key go to one queue, in order. A repeat has to have the same key: sinks drop
   * repeats by queue.
   */
  readonly shardingKey: string
  /** What operators look the batch up by: RocketMQ's KEYS. */
  readonly key: string
}

/**
 * Lines as messages whose bodies are NDJSON, one JSON line after the other, cut so that none is larger than
 * `BATCH_SIZE_MAX` or longer than `BATCH_LINES_MAX` (a single larger line goes alone). The client compresses.
 */
export function logMessages(lines: readonly LogLine[], { topic, shardingKey, key }: BatchAddress): Message[] {
  const messages: Message[] = []
  let texts: string[] = []
  let size = 0
  const cut = (): void => {
    if (texts.length === 0) return
    messages.push({ topic, tag: 'lines', keys: [key], shardingKey, body: texts.join('') })
    texts = []
    size = 0
  }
  for (const line of lines) {
    const text = `${JSON.stringify(line)}\n`
    const bytes = Buffer.byteLength(text)
    if (size + bytes > BATCH_SIZE_MAX || texts.length === BATCH_LINES_MAX) cut()
    texts.push(text)
    size += bytes
  }
  cut()
  return messages
}

/** The lines of a body. What is no line of ours is named in `refused`, and does not hurt the others. */
export function linesOf(body: Uint8Array): { readonly lines: LogLine[]; readonly refused: string[] } {
  const lines: LogLine[] = []
  const refused: string[] = []
  for (const text of Buffer.from(body).toString('utf8').split('\n')) {
    if (text === '') continue
    const line = parsed(text)
    if (line === undefined) refused.push(text)
    else lines.push(line)
  }
  return { lines, refused }
}

function parsed(text: string): LogLine | undefined {
  try {
    const line = JSON.parse(text) as Partial<LogLine> | null
    const { id, at, level, service, message } = line ?? {}
    const known =
      /^[0-9a-f]{32}$/.test(id ?? '') &&
      Number.isSafeInteger(at) &&
      [level, service, message].every((part) => typeof part === 'string')
    return known ? (line as LogLine) : undefined
  } catch (error) {
    if ((error as Error).name === 'SyntaxError') return undefined
    throw error
  }
}
