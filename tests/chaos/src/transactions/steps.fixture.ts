import type { Bug } from '../bugs.fixture.js'

const DIE = (hit: number) =>
  `globalThis.stepHits = (globalThis.stepHits ?? 0) + 1;` +
  `if (globalThis.stepHits === ${hit}) process.kill(process.pid, 'SIGKILL');`

/** Broker code, and what stands before (`at: 'before'`) or behind it when the broker dies there. */
interface Step {
  readonly file: string
  readonly find: string
  readonly at: 'before' | 'after'
  readonly hit: number
}

const STORE_COMMIT = 'const written = await writeMessage(parts, message, flushMode(parts));'

/** Steps of a transaction at which a broker is killed: the so-and-so-many-th time it comes there. */
const STEPS = {
  'half message received, not stored': {
    file: '/broker/dist/transaction/transactions.js',
    find: 'const written = await writeDraft(this.#parts, draft, needs);',
    at: 'before',
    hit: 7,
  },
  'half message stored, not answered': {
    file: '/broker/dist/transaction/transactions.js',
    find: 'const written = await writeDraft(this.#parts, draft, needs);',
    at: 'after',
    hit: 7,
  },
  'commit received, not stored': {
    file: '/broker/dist/transaction/end-transaction.js',
    find: STORE_COMMIT,
    at: 'before',
    hit: 5,
  },
  'commit stored, not noted': {
    file: '/broker/dist/transaction/end-transaction.js',
    find: STORE_COMMIT,
    at: 'after',
    hit: 5,
  },
  'rollback received, not noted': {
    file: '/broker/dist/transaction/end-transaction.js',
    find: 'const closed = parts.writeGate.refusal();',
    at: 'before',
    hit: 3,
  },
  'rollback noted, not stored': {
    file: '/broker/dist/transaction/end-transaction.js',
    find: "parts.metrics.add(half.properties[Property.REAL_TOPIC] ?? '', -1);",
    at: 'after',
    hit: 3,
  },
  'op message stored': {
    file: '/broker/dist/transaction/op-queue.js',
    find: "const written = await settle(this.#parts, placed, 'written', 1);",
    at: 'after',
    hit: 2,
  },
  'half message stored again, nobody asked': {
    file: '/broker/dist/transaction/transaction-check.js',
    find: 'const stored = await this.#storeAgain(half, changes);',
    at: 'after',
    hit: 2,
  },
  'producer asked, not answered': {
    file: '/broker/dist/transaction/transaction-check.js',
    find: "channel.connection.invokeOneway('CHECK_TRANSACTION_STATE', header, body);",
    at: 'after',
    hit: 2,
  },
} as const satisfies Record<string, Step>

export type StepName = keyof typeof STEPS
export const STEP_NAMES = Object.keys(STEPS) as StepName[]

export function dieAt(name: StepName): Bug[] {
  const { file, find, at, hit } = STEPS[name]
  return [{ file, find, replace: at === 'before' ? `${DIE(hit)} ${find}` : `${find} ${DIE(hit)}` }]
}

/** Notes the decision, and lets it be written, before the committed message is stored; dies in between. */
export const NOTED_BEFORE_STORED: readonly Bug[] = [
  {
    file: '/broker/dist/transaction/end-transaction.js',
    find: STORE_COMMIT,
    replace: `decision.done(); await new Promise((done) => setTimeout(done, 600)); ${DIE(2)} ${STORE_COMMIT}`,
  },
]
