import { randomUUID } from 'node:crypto'
import { appendFileSync, mkdirSync, renameSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { LogShipper } from '@rockhopper/log-transport'
import { whenParentEnds } from './parent.js'

/** Three services that log, each in the way of its own: over HTTP, into a file, and straight to the topic. */
const TICK_MS = 250
const FILE_SIZE_MAX = 256 * 1024
const WAITING_MAX = 200
const POST_TIMEOUT_MS = 5_000

const WORDS: Readonly<Record<string, readonly string[]>> = {
  web: ['GET /products', 'GET /basket', 'POST /orders', 'GET /penguins/17'],
  cart: ['item 3 added', 'item 5 removed', 'basket 1204 restored', 'price of 9 refreshed'],
  search: ['query of 2 words', 'query of 4 words', 'index segment 77 merged'],
}

interface Line {
  readonly time: number
  readonly level: string
  readonly service: string
  readonly message: string
  readonly durationMs: number
}

function line(service: string, at: number): Line {
  const words = WORDS[service] ?? []
  // Every two minutes a bad half minute.
  const isBad = at % 120_000 > 90_000
  const chance = Math.random()
  const level =
    chance < (isBad ? 0.12 : 0.015) ? 'error' : chance < 0.08 ? 'warn' : chance < 0.85 ? 'info' : 'debug'
  const message =
    level === 'error' ? 'upstream 3 did not answer' : (words[Math.floor(Math.random() * words.length)] ?? '')
  const durationMs = Number(
    (Math.exp(2.5 + 1.2 * (Math.random() + Math.random() - 1)) * (isBad ? 4 : 1)).toFixed(2),
  )
  // Clocks and networks differ: a line may be up to a second old, and a few are very old.
  const age = Math.random() < 0.002 ? 300_000 : Math.random() * 1_000
  return { time: Math.trunc(at - age), level, service, message, durationMs }
}

function setting(name: string): string {
  const value = process.env[name]
  if (value !== undefined && value !== '') return value
  process.stderr.write(`generator: ${name} is not set\n`)
  process.exit(2)
}

const collector = setting('COLLECTOR_URL')
const file = setting('LOG_FILE')
const perSecond = Number(process.env['LOG_RATE'] ?? 60)
const shipper = new LogShipper({
  namesrvAddr: setting('ROCKETMQ_NAMESRV_ADDR'),
  service: 'search',
  source: 'demo',
})
const waiting: { readonly id: string; readonly body: string }[] = []
let posting = false
let owed = 0

/** One batch after the other, the same one with the same id until it is taken. */
async function post(): Promise<void> {
  if (posting) return
  posting = true
  try {
    for (let batch = waiting[0]; batch !== undefined; batch = waiting[0]) {
      const headers = { 'x-batch-id': batch.id, 'x-source': 'web', 'content-type': 'application/x-ndjson' }
      const signal = AbortSignal.timeout(POST_TIMEOUT_MS)
      const { status } = await fetch(`${collector}/logs`, {
        method: 'POST',
        headers,
        body: batch.body,
        signal,
      })
      if (status !== 202 && status !== 400) break
      waiting.shift()
    }
  } catch (error) {
    process.stderr.write(
      `generator: the collector does not answer, ${waiting.length} batches wait: ${error}\n`,
    )
  } finally {
    posting = false
  }
}

function append(text: string): void {
  mkdirSync(dirname(file), { recursive: true })
  appendFileSync(file, text)
  if (statSync(file).size > FILE_SIZE_MAX) renameSync(file, `${file}.1`)
}

function tick(): void {
  owed += (perSecond * TICK_MS) / 1_000
  const now = Date.now()
  const lines: Line[] = []
  for (; owed >= 1; owed--)
    lines.push(line(['web', 'cart', 'search'][Math.floor(Math.random() * 3)] ?? 'web', now))
  const of = (service: string) => lines.filter((one) => one.service === service)
  const body = (some: readonly Line[]) => some.map((one) => `${JSON.stringify(one)}\n`).join('')
  if (of('web').length > 0) waiting.push({ id: randomUUID(), body: body(of('web')) })
  if (waiting.length > WAITING_MAX) waiting.shift()
  void post()
  append(body(of('cart')))
  for (const one of of('search')) shipper.take(one)
}

const timer = setInterval(tick, TICK_MS)
process.stdout.write('ready service=generator\n')

function end(): void {
  clearInterval(timer)
  shipper.close().then(
    () => process.exit(0),
    () => process.exit(1),
  )
}
process.once('SIGTERM', end)
process.once('SIGINT', end)
whenParentEnds(end)
