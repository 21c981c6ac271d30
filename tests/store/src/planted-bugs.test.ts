import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { expect, test } from '@jest/globals'

interface Bug {
  readonly file: string
  readonly find: string
  readonly replace: string
}

/** The mutation list of the store: what each planted bug breaks, and what the matrix must say of it. */
const MUTATIONS: readonly (readonly [name: string, says: RegExp, bugs: readonly Bug[]])[] = [
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
        find: `(error) => {
            this.#sync = undefined;
            this.#fail(error);
        }`,
        replace: '() => this.#afterSync(target)',
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

const SEEDS = 400
const PROGRAM = fileURLToPath(new URL('../dist/power-main.js', import.meta.url))
const LOADER = createRequire(import.meta.url).resolve('@rockhopper/chaos/dist/plant-loader.js')

function matrixWith(bugs: readonly Bug[], seeds: number): { said: string; planted: boolean } {
  const { stdout, stderr, status } = spawnSync(process.execPath, [PROGRAM, String(seeds)], {
    encoding: 'utf8',
    env: {
      ...process.env,
      NODE_OPTIONS: `--import=${pathToFileURL(LOADER).href}`,
      ROCKHOPPER_PLANT: JSON.stringify(bugs),
    },
  })
  if (status !== 0) throw new Error(`the matrix ended with ${status}: ${stderr}`)
  return { said: stdout.trim(), planted: stderr.includes('planted a bug') }
}

test('the matrix says nothing of the store as it is', () => {
  expect(matrixWith([], 40)).toEqual({ said: '', planted: false })
}, 120_000)

test.each(MUTATIONS)(
  '%s is found out',
  (_, says, bugs) => {
    const { said, planted } = matrixWith(bugs, SEEDS)
    expect(planted).toBe(true)
    expect(said).toMatch(says)
  },
  120_000,
)
