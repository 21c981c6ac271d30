import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { Rush, type RushPlan } from './crowd-rush.js'
import { ask, type Sample, Sampler } from './crowd-sample.js'
import { Feed } from './feed.js'
import { whenParentEnds } from './parent.js'

/** The crowd of the seckill, as a process: it rushes when the page says so, and measures all the time. */
const SAMPLE_MS = 500
const SERIES_MAX = 240
const ITEM = 'floe'
const LIMITS = { users: [1, 20_000], seconds: [1, 60], stock: [1, 10_000] } as const
const FIRST_RUSH = { users: 1_500, seconds: 3, stock: 100 }

type Wanted = Record<keyof typeof LIMITS, number>

const api = setting('API_URL')
const worker = setting('WORKER_URL')
const feed = new Feed()
const stopped = new AbortController()
const series: Sample[] = []
let rush: Rush | undefined
let sampler: Sampler | undefined
let paying = false

/** A campaign of its own for every rush: users and stock are new. */
async function start({ users, seconds, stock }: Wanted): Promise<RushPlan> {
  const campaignId = `rush-${Date.now()}`
  await ask(`${worker}/campaigns`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ campaignId, items: [{ itemId: ITEM, stock }] }),
  })
  const plan = { campaignId, itemId: ITEM, users, seconds }
  rush = new Rush(plan, api)
  sampler = new Sampler(api, worker, campaignId)
  series.length = 0
  feed.publish('rush', { ...plan, stock }, false)
  rush.run(stopped.signal).catch((error: unknown) => process.stderr.write(`crowd: ${String(error)}\n`))
  return plan
}

async function tick(): Promise<void> {
  const current = rush
  if (sampler === undefined || current === undefined) return
  try {
    const sample = await sampler.sample(current.takeP99Ms())
    series.push(sample)
    if (series.length > SERIES_MAX) series.shift()
    feed.publish('sample', sample, false)
    const won = sample.outcomes['won'] ?? 0
    // Beside the measuring: a worker that is away must not leave gaps in the curves.
    if (won > 0 && !paying) {
      paying = true
      void payAll(current).finally(() => {
        paying = false
      })
    }
  } catch (error) {
    process.stderr.write(`crowd: nothing measured: ${String(error)}\n`)
  }
}

async function payAll(current: Rush): Promise<void> {
  try {
    const tickets = await ask<{ ticket: string; outcome: string }[]>(
      `${worker}/campaigns/${current.plan.campaignId}/tickets`,
    )
    await current.pay(tickets.filter(({ outcome }) => outcome === 'won').map(({ ticket }) => ticket))
  } catch (error) {
    process.stderr.write(`crowd: nobody could pay: ${String(error)}\n`)
  }
}

const server = createServer((request, response) => {
  handle(request, response).catch((error: unknown) => reply(response, 503, { message: String(error) }))
})

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method === 'GET' && request.url === '/live') return feed.join(response)
  if (request.method === 'GET' && request.url === '/series') return reply(response, 200, series)
  if (request.method !== 'POST' || request.url !== '/rush')
    return reply(response, 404, { message: `nothing at ${request.url}` })
  const wanted = await readWanted(request)
  if (typeof wanted === 'string') return reply(response, 400, { message: wanted })
  return reply(response, 202, await start(wanted))
}

/** What is wrong with it, as text, or what is wanted. */
async function readWanted(request: IncomingMessage): Promise<Wanted | string> {
  let text = ''
  for await (const chunk of request) {
    text += String(chunk)
    if (text.length > 1_000) return 'at most 1,000 characters'
  }
  let body: Partial<Wanted>
  try {
    body = JSON.parse(text) as Partial<Wanted>
  } catch {
    return 'want JSON'
  }
  for (const [name, [min, max]] of Object.entries(LIMITS)) {
    const value = body[name as keyof Wanted]
    if (!Number.isInteger(value) || Number(value) < min || Number(value) > max)
      return `${name}: want a whole number from ${min} to ${max}`
  }
  return body as Wanted
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

function setting(name: string): string {
  const value = process.env[name]
  if (value !== undefined && value !== '') return value
  process.stderr.write(`crowd: ${name} is not set\n`)
  process.exit(2)
}

function end(): void {
  stopped.abort()
  clearInterval(timer)
  feed.close()
  server.close(() => process.exit(0))
  server.closeAllConnections()
}

let ticking = false
const timer = setInterval(() => {
  if (ticking) return
  ticking = true
  void tick().finally(() => {
    ticking = false
  })
}, SAMPLE_MS)
process.once('SIGTERM', end)
process.once('SIGINT', end)
whenParentEnds(end)
server.listen(Number(setting('PORT')), setting('HOST'), () => {
  process.stdout.write('ready service=crowd\n')
  // Something to look at from the start.
  start(FIRST_RUSH).catch((error: unknown) => process.stderr.write(`crowd: ${String(error)}\n`))
})
