/** A piece of compiled code, and what it becomes. */
export interface Piece {
  readonly file: string
  readonly find: string
  readonly replace: string
}

interface PlantedStep {
  readonly file: string
  readonly find: string
  /** The step is before this code; else behind it. */
  readonly before?: true
}

/** Steps in the transport itself. */
const PLANTED: Readonly<Record<string, PlantedStep>> = {
  'sent and marked': {
    file: '/nestjs/dist/typeorm/outbox-relay.js',
    find: 'await this.#claims.sent(row.id, messageId, this.#clock.now());',
  },
  'transaction committed, broker not told': {
    file: '/nestjs/dist/transaction-outcome.js',
    find: "return 'COMMIT_MESSAGE';",
    before: true,
  },
  'handler ended, not acknowledged': {
    file: '/nestjs/dist/group-consumer.js',
    find: 'switch (verdict.kind) {',
    before: true,
  },
}

/** Every step at which a process dies, from the first write to the acknowledgement. */
export const STEPS: readonly string[] = [
  'order written, outbox not',
  'outbox written, not committed',
  'order committed, outbox',
  'rows claimed, not sent',
  'sent, not marked',
  'sent and marked',
  'order written, transaction not',
  'transaction written, not committed',
  'transaction committed, broker not told',
  'order committed, transaction',
  'delivered, nothing done',
  'key noted, no effect',
  'effect written, not committed',
  'effect committed, handler not ended',
  'handler ended, not acknowledged',
]

/** What has to be planted so that a process can die at this step. */
export function piecesFor(step: string): Piece[] {
  const planted = PLANTED[step]
  if (planted === undefined) return []
  const { file, find, before } = planted
  const here = `globalThis.step(${JSON.stringify(step)});`
  return [{ file, find, replace: before === true ? `${here} ${find}` : `${find} ${here}` }]
}

/** Promises that are broken on purpose, and the step at which the breach does harm. */
export const BUGS = [
  {
    // An inbox that takes every key for new.
    at: 'effect committed, handler not ended',
    file: '/nestjs/dist/typeorm/inbox.js',
    find: 'if (!(await this.#claim(manager, key)))',
    replace: 'if (false)',
  },
  {
    // A relay that marks before it sends.
    at: 'rows claimed, not sent',
    file: '/nestjs/dist/typeorm/outbox-relay.js',
    find: '({ messageId } = await this.#publisher.publish(',
    replace: `await this.#claims.sent(row.id, '', this.#clock.now());
        ({ messageId } = await this.#publisher.publish(`,
  },
  {
    // A check that does not look into the database.
    at: 'transaction committed, broker not told',
    file: '/nestjs/dist/typeorm/transaction.js',
    find: 'const found = await this.#find(messageId);',
    replace: "const found = 'ROLLBACK_MESSAGE';",
  },
] as const
