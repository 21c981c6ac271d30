/** A piece of compiled source, and the bug that replaces it. */
export interface Bug {
  readonly file: string
  readonly find: string
  readonly replace: string
}

/** The mutation list of the store: what each planted bug breaks, and what the matrix must say of it. */
export const MUTATIONS: readonly (readonly [name: string, says: RegExp, bugs: readonly Bug[]])[] = [
  [
    'acknowledging before the sync',
    /^SYNC_FLUSH .*lost: /,
    [
      {
        file: '/store/dist/put-waiters.js',
        find: "return needs === 'written' ? this.#written : this.#synced",
        replace: 'return this.#written',
      },
    ],
  ],
  [
    'swallowing the error of a sync',
    /(lost|differs|changed|is in the log|threw)/,
    [
      {
        file: '/store/dist/flush.js',
        find: '(error) => this.#syncRefused(error)',
        replace: '() => this.#afterSync(target, 0)',
      },
    ],
  ],
  [
    'skipping a dispatch',
    /(is in the log and in no queue|lost: |a rebuild makes it)/,
    [
      {
        file: '/store/dist/dispatch.js',
        find: 'return this.#enqueue(queue, bytes, record, fillGaps)',
        replace: "return record.queueOffset === 4 ? 'known' : this.#enqueue(queue, bytes, record, true)",
      },
    ],
  ],
  [
    'trusting a torn record',
    /(phantoms|changed): /,
    [
      {
        file: '/store/dist/torn-record.js',
        find: 'export function isTorn(bytes, at, record) {',
        replace: 'export function isTorn(bytes, at, record) {\n    return false;',
      },
    ],
  ],
]
