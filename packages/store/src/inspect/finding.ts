/**
 * What `verify` may find, one row each. error: the store does not hold what it should, or serves something
 * wrong.
 * note: explained by how the broker ended, and put right at its next start.
 */
export const FINDINGS = {
  LOG_UNREADABLE: row(
    'error',
    'Set the file sizes of the broker that wrote it, or bring the missing file back.',
  ),
  LOG_DAMAGED: row(
    'error',
    'Keep a copy of this file; the messages in this range can only come from a replica.',
  ),
  LOG_QUARANTINED: row('note', 'Nothing: these bytes are delivered to nobody; a replica may have them.'),
  LOG_TORN_END: row('note', 'The next start cuts the log here.'),
  LOG_TIME_FALLS: row(
    'error',
    'Searching by time may miss messages here; the messages themselves are whole.',
  ),
  QUEUE_UNREADABLE: row('error', 'Make the queues again: `rockhopper store rebuild`, the broker stopped.'),
  QUEUE_ENTRY_WRONG: row('error', 'Make the queues again: `rockhopper store rebuild`, the broker stopped.'),
  QUEUE_ENTRY_MISSING: row('error', 'Make the queues again: `rockhopper store rebuild`, the broker stopped.'),
  QUEUE_ENTRY_DANGLING: row(
    'error',
    'Make the queues again: `rockhopper store rebuild`, the broker stopped.',
  ),
  QUEUE_BEHIND: row('note', 'The next start makes these entries from the log.'),
  QUEUE_OF_DELETED_TOPIC: row('note', 'A topic without queues was deleted; retention removes its messages.'),
  QUEUE_DUE_TIME: row(
    'note',
    "Check that messageDelayLevel is the broker's; else `rockhopper store rebuild`.",
  ),
  INDEX_UNREADABLE: row('error', 'Make the index again: `rockhopper store rebuild`, the broker stopped.'),
  INDEX_HEADER_WRONG: row('error', 'Make the index again: `rockhopper store rebuild`, the broker stopped.'),
  INDEX_ENTRY_WRONG: row('error', 'Make the index again: `rockhopper store rebuild`, the broker stopped.'),
  INDEX_ENTRY_MISSING: row('error', 'Make the index again: `rockhopper store rebuild`, the broker stopped.'),
  INDEX_CHAIN_BROKEN: row('error', 'Make the index again: `rockhopper store rebuild`, the broker stopped.'),
  INDEX_BEHIND: row('note', 'The next start makes these entries from the log.'),
  CHECKPOINT_AHEAD: row(
    'error',
    'Remove the file `checkpoint`: the next start then recovers from the first file.',
  ),
  CHECKPOINT_MISSING: row('note', 'The next start recovers from the first file, which takes longer.'),
} as const

export type FindingCode = keyof typeof FINDINGS
export type Severity = 'error' | 'note'

/** One thing that is not as it should be. */
export interface Finding {
  readonly code: FindingCode
  readonly severity: Severity
  /** A file below the store's directory, and the place in it. */
  readonly place: string
  readonly what: string
  /** What to do. */
  readonly next: string
}

/** Findings in the order they came: the first ones whole, the rest counted by code. */
export class Findings {
  readonly #limit: number
  readonly #kept: Finding[] = []
  readonly #counts = new Map<FindingCode, number>()

  /** `limit`: how many of one code are kept. */
  constructor(limit: number) {
    this.#limit = limit
  }

  add(code: FindingCode, place: string, what: string): void {
    const count = (this.#counts.get(code) ?? 0) + 1
    this.#counts.set(code, count)
    if (count <= this.#limit) this.#kept.push({ code, ...FINDINGS[code], place, what })
  }

  get kept(): readonly Finding[] {
    return this.#kept
  }

  /** How many there are of each code, also of those that were not kept. */
  get counts(): Readonly<Partial<Record<FindingCode, number>>> {
    return Object.fromEntries(this.#counts)
  }

  get errorCount(): number {
    let errors = 0
    for (const [code, count] of this.#counts) if (FINDINGS[code].severity === 'error') errors += count
    return errors
  }
}

function row<S extends Severity>(severity: S, next: string): { readonly severity: S; readonly next: string } {
  return { severity, next }
}
