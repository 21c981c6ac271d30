import { writeFileSync } from 'node:fs'
import { comparison, type Figures, figuresOf } from './figures.js'
import { picture } from './picture.js'
import { measured, type SidePlan } from './side.js'

const HELP = `npm run seckill:compare -- [requests=50000] [users=20000] [stock=250] [seconds=10] [rate=5000]
                           [out=FILE.svg]

The same crowd at the same items, once straight at the database and once through the queue. Needs
DATABASE_URL=postgres://…; the tables are made in it, and stay.

  requests  how many come, and
  users     how many different people they are; the later requests are theirs again
  stock     pieces of each of four items
  seconds   over which they come, at an even rate, whether earlier ones were answered or not
  rate      decisions a second that the worker may make
  out       where the picture goes
`
const BY_DEFAULT = { requests: 50_000, users: 20_000, stock: 250, seconds: 10, rate: 5_000 }
const ITEMS = ['floe', 'snow', 'pebble', 'ice']

async function main(): Promise<void> {
  const words = process.argv.slice(2).filter((word) => word !== '--')
  const settings = new Map(words.map((word) => word.split('=', 2) as [string, string | undefined]))
  const unknown = [...settings.keys()].find((name) => name !== 'out' && !Object.hasOwn(BY_DEFAULT, name))
  if (unknown !== undefined) return end(unknown === '--help' ? 0 : 2, HELP)
  const numbers: Record<keyof typeof BY_DEFAULT, number> = { ...BY_DEFAULT }
  for (const name of Object.keys(BY_DEFAULT) as (keyof typeof BY_DEFAULT)[]) {
    numbers[name] = Number(settings.get(name) ?? BY_DEFAULT[name])
    if (!Number.isInteger(numbers[name]) || numbers[name] < 1)
      return end(2, `${name}=${settings.get(name)}: want a whole number from 1\n`)
  }
  const database = process.env['DATABASE_URL']
  if (database === undefined || database === '')
    return end(2, 'DATABASE_URL is not set; for example postgres://postgres:secret@127.0.0.1:5432/postgres\n')
  await compare({ ...numbers, items: ITEMS, database }, settings.get('out'))
}

async function compare(plan: SidePlan, out: string | undefined): Promise<void> {
  const direct = await measured('direct', plan)
  const queue = await measured('queue', plan)
  const [atDatabase, atQueue] = [figuresOf(direct), figuresOf(queue)]
  const { requests, users, seconds, stock, items } = plan
  print(`${requests} requests of ${users} users within ${seconds} s for ${stock * items.length} pieces`)
  print(row('', 'database', 'queue'))
  for (const [words, of] of ROWS) print(row(words, of(atDatabase), of(atQueue)))
  print(comparison(atDatabase, atQueue))
  if (out === undefined) return
  writeFileSync(out, picture(direct, queue))
  print(`the picture: ${out}`)
}

const ms = (value: number): string => `${value.toFixed(0)} ms`
const ROWS: readonly (readonly [string, (figures: Figures) => string])[] = [
  ['answered', ({ served }) => String(served)],
  ['sold out', ({ soldOut }) => String(soldOut)],
  ['busy', ({ busy }) => String(busy)],
  ['no answer', ({ failed }) => String(failed)],
  ['wait p50', ({ p50Ms }) => ms(p50Ms)],
  ['wait p99', ({ p99Ms }) => ms(p99Ms)],
  ['longest wait', ({ maxMs }) => ms(maxMs)],
  ['decisions', ({ decisions }) => String(decisions)],
  ['orders', ({ orders }) => String(orders)],
  ['all decided after', ({ decidedAfterMs }) => ms(decidedAfterMs)],
]

const row = (words: string, ...cells: readonly string[]): string =>
  words.padEnd(20) + cells.map((cell) => cell.padStart(12)).join('')

const print = (text: string): void => void process.stdout.write(`${text}\n`)

function end(code: number, text: string): void {
  const stream = code === 0 ? process.stdout : process.stderr
  stream.write(text)
  process.exitCode = code
}

await main()
