import type { RetryFlag } from './pop-topics.js'

/** Which messages of one queue a pop returned. */
export interface PoppedQueue {
  readonly retryFlag: RetryFlag
  readonly queueId: number
  /** Where the pop began. */
  readonly startOffset: number
  readonly queueOffsets: readonly number[]
}

/** `flag queueId startOffset` of each queue, joined by `;` (remoting.md section 25.3). */
export function startOffsetInfo(queues: readonly PoppedQueue[]): string {
  return queues
    .map(({ queueId, retryFlag, startOffset }) => `${retryFlag} ${queueId} ${startOffset}`)
    .join(';')
}

/** `flag queueId offset,offset,...` of each queue, joined by `;`. */
export function msgOffsetInfo(queues: readonly PoppedQueue[]): string {
  return queues
    .map(({ queueId, queueOffsets, retryFlag }) => `${retryFlag} ${queueId} ${queueOffsets.join(',')}`)
    .join(';')
}

/** Reads both texts of a pop's answer; undefined when they cannot be read or do not fit together. */
export function parsePopOffsets(startInfo: string, messageInfo: string): PoppedQueue[] | undefined {
  const starts = parts(startInfo)
  const messages = parts(messageInfo)
  if (starts === undefined || messages === undefined) return undefined
  const startOf = new Map(starts.map(([flag, queueId, offset]) => [`${flag} ${queueId}`, Number(offset)]))
  const queues: PoppedQueue[] = []
  for (const [flag, queueId, offsets] of messages) {
    const startOffset = startOf.get(`${flag} ${queueId}`)
    const queueOffsets = offsets.split(',').map(Number)
    if (startOffset === undefined || !queueOffsets.every(Number.isSafeInteger)) return undefined
    queues.push({ retryFlag: flag as RetryFlag, queueId: Number(queueId), startOffset, queueOffsets })
  }
  return queues
}

function parts(info: string): [flag: string, queueId: string, rest: string][] | undefined {
  if (info === '') return []
  const entries: [string, string, string][] = []
  for (const entry of info.split(';')) {
    const match = /^([012]) (\d{1,9}) (\d{1,16}(?:,\d{1,16})*)$/.exec(entry)
    if (match === null) return undefined
    entries.push([match[1] as string, match[2] as string, match[3] as string])
  }
  return entries
}

/** How often messages of an orderly pop were delivered before. */
export interface OrderCount {
  readonly retryFlag: RetryFlag
  readonly queueId: number
  /** Of one message; undefined: the least of the whole queue, for old clients. */
  readonly queueOffset: number | undefined
  readonly count: number
}

/** `flag qo<queueId>%<offset> count` or `flag queueId count`, joined by `;`. */
export function orderCountInfo(counts: readonly OrderCount[]): string {
  return counts
    .map(({ count, queueId, queueOffset, retryFlag }) => {
      const what = queueOffset === undefined ? String(queueId) : `qo${queueId}%${queueOffset}`
      return `${retryFlag} ${what} ${count}`
    })
    .join(';')
}

/** Entries that cannot be read are left out: the count is a hint. */
export function parseOrderCounts(info: string): OrderCount[] {
  const counts: OrderCount[] = []
  for (const entry of info.split(';')) {
    const match = /^([012]) (?:qo(\d{1,9})%(\d{1,16})|(\d{1,9})) (\d{1,9})$/.exec(entry)
    if (match === null) continue
    counts.push({
      retryFlag: match[1] as RetryFlag,
      queueId: Number(match[2] ?? match[4]),
      queueOffset: match[3] === undefined ? undefined : Number(match[3]),
      count: Number(match[5]),
    })
  }
  return counts
}
