import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, normalize } from 'node:path'
import { findMessages, tellView } from './console-http.js'
import type { Demo } from './demo.js'
import type { Running } from './inboxes.js'

const WEB_FOLDER = join(import.meta.dirname, '..', 'web', 'dist')
const BODY_SIZE_MAX = 64 * 1024
const FORWARD_TIMEOUT_MS = 5_000

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

const SECURITY_HEADERS = {
  'content-security-policy':
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
}

/** What a page may have forwarded, and to which service. Nothing else of a service is reachable from here. */
const READS: Readonly<Record<string, readonly [service: string, path: string]>> = {
  '/api/orders': ['order', '/orders?limit=50'],
  '/api/stock': ['inventory', '/stock'],
  '/api/payments': ['payment', '/payments'],
  ...Object.fromEntries(
    ['order', 'inventory', 'payment', 'notification'].map((name) => [
      `/api/dead-letters/${name}`,
      [name, '/dead-letters'] as const,
    ]),
  ),
  '/api/logs/windows': ['analytics', '/windows?count=60'],
  '/api/logs/sliding': ['analytics', '/windows/sliding?count=60'],
  '/api/logs/state': ['analytics', '/analytics'],
  '/api/logs/storage': ['storage', '/storage'],
  '/api/logs/collector': ['collector', '/logs'],
  '/api/seckill/series': ['crowd', '/series'],
  '/api/seckill/metrics': ['api', '/metrics.json'],
}
const WRITES: Readonly<Record<string, readonly [service: string, path: string]>> = {
  '/api/orders': ['order', '/orders'],
  '/api/users': ['user', '/users'],
  '/api/seckill/rush': ['crowd', '/rush'],
}

/** Commands about one thing: the address of the page, and the path at the service. */
const WRITES_OF_ONE: readonly (readonly [RegExp, (...parts: string[]) => readonly [string, string]])[] = [
  [/^\/api\/orders\/([\w-]+)\/cancel$/, (id) => ['order', `/orders/${id}/cancel`]],
  [
    /^\/api\/dead-letters\/([a-z]+)\/([\w-]+)\/(\w+)\/resend$/,
    (service, group, id) => [service ?? '', `/dead-letters/${group}/${id}/resend`],
  ],
]

/** The demo's page on loopback: only for pages of this host, and commands only with this run's token. */
export function startPage(demo: Demo, host: string, port: number): Promise<Running> {
  const server = createServer((request, response) => {
    handle(demo, request, response).catch((error: unknown) => {
      if (!response.headersSent) reply(response, 500, { message: String(error) })
      else response.destroy()
    })
  })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port }, () => {
      resolve({
        port: (server.address() as AddressInfo).port,
        close: () =>
          new Promise((done) => {
            server.close(() => done())
            server.closeAllConnections()
          }),
      })
    })
  })
}

async function handle(demo: Demo, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const refusal = refuse(demo, request)
  if (refusal !== undefined) return reply(response, 403, { message: refusal })
  const url = new URL(request.url ?? '/', 'http://page')
  const path = url.pathname
  if (request.method === 'GET' && path === '/api/console/messages')
    return reply(response, ...(await findMessages(demo.console, url.searchParams)))
  if (request.method === 'GET') return read(demo, path, response)
  if (request.method === 'POST') return command(demo, path, request, response)
  return reply(response, 405, { message: `${request.method} is not for this page` })
}

/** Host against DNS rebinding; origin and token against other pages in the same browser. */
function refuse(demo: Demo, request: IncomingMessage): string | undefined {
  const host = request.headers.host ?? ''
  const own = new URL(demo.pageUrl).port
  if (host !== `127.0.0.1:${own}` && host !== `localhost:${own}`) return `host '${host}' is not this page's`
  if (request.method === 'GET' || request.method === 'HEAD') return undefined
  if (request.headers.origin !== `http://${host}`) return 'commands are taken from this page only'
  if (request.headers['x-demo-token'] !== demo.token) return 'reload the page: it is from an earlier run'
  return undefined
}

async function read(demo: Demo, path: string, response: ServerResponse): Promise<void> {
  if (path === '/api/feed') return demo.feed.join(response)
  if (path === '/api/services') return reply(response, 200, demo.services())
  if (path === '/api/scenarios') return reply(response, 200, demo.scenarios)
  if (path === '/api/logs/live') return forwardEvents(demo, ['analytics', '/live'], response)
  if (path === '/api/seckill/live') return forwardEvents(demo, ['crowd', '/live'], response)
  if (path === '/api/console/live') return tellView(demo.console, response)
  if (path === '/api/inboxes') return reply(response, 200, demo.inboxes.list())
  const log = /^\/api\/services\/([a-z]+)\/log$/.exec(path)
  if (log !== null) return reply(response, 200, demo.linesOf(log[1] ?? ''))
  const target = READS[path]
  if (target !== undefined) return forward(demo, target, response)
  return serveFile(demo, path, response)
}

async function command(
  demo: Demo,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const control = /^\/api\/services\/([a-z]+)\/(kill|start)$/.exec(path)
  if (control !== null) {
    const [, service = '', what] = control
    const known = what === 'kill' ? demo.kill(service) : await demo.startService(service)
    return reply(response, known ? 202 : 404, known ? {} : { message: `no service '${service}'` })
  }
  const outage = /^\/api\/inboxes\/(refuse|take)$/.exec(path)
  if (outage !== null) {
    demo.inboxes.refusing = outage[1] === 'refuse'
    return reply(response, 200, { refusing: demo.inboxes.refusing })
  }
  const target = WRITES[path] ?? writeOfOne(path)
  if (target === undefined) return reply(response, 404, { message: `nothing at ${path}` })
  const body = await readBody(request)
  if (body === undefined) return reply(response, 413, { message: `at most ${BODY_SIZE_MAX} bytes` })
  const key = request.headers['idempotency-key']
  const headers = {
    'content-type': 'application/json',
    ...(typeof key === 'string' ? { 'idempotency-key': key } : {}),
  }
  return forward(demo, target, response, { method: 'POST', headers, body })
}

function writeOfOne(path: string): readonly [service: string, path: string] | undefined {
  for (const [pattern, target] of WRITES_OF_ONE) {
    const found = pattern.exec(path)
    if (found !== null) return target(...found.slice(1))
  }
  return undefined
}

async function forward(
  demo: Demo,
  [service, path]: readonly [string, string],
  response: ServerResponse,
  init: RequestInit = {},
): Promise<void> {
  try {
    const url = `http://127.0.0.1:${demo.portOf(service)}${path}`
    const answer = await fetch(url, { ...init, signal: AbortSignal.timeout(FORWARD_TIMEOUT_MS) })
    const text = await answer.text()
    response.writeHead(answer.status, { 'content-type': 'application/json', ...SECURITY_HEADERS }).end(text)
  } catch {
    reply(response, 503, { message: `the ${service} service does not answer; start it on this page` })
  }
}

/** A service's stream of events, until either side ends it. */
async function forwardEvents(
  demo: Demo,
  [service, path]: readonly [string, string],
  response: ServerResponse,
): Promise<void> {
  const ending = new AbortController()
  response.once('close', () => ending.abort())
  try {
    const answer = await fetch(`http://127.0.0.1:${demo.portOf(service)}${path}`, { signal: ending.signal })
    response.writeHead(answer.status, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
    for await (const chunk of answer.body ?? []) response.write(chunk)
    response.end()
  } catch {
    // Gone, or never there: the page connects again by itself.
    if (response.headersSent) response.destroy()
    else reply(response, 503, { message: `the ${service} service does not answer; start it on this page` })
  }
}

async function serveFile(demo: Demo, path: string, response: ServerResponse): Promise<void> {
  const wanted = normalize(path === '/' ? '/index.html' : path)
  const type = TYPES[extname(wanted)]
  if (type === undefined || wanted.includes('..'))
    return reply(response, 404, { message: `nothing at ${path}` })
  let content: Buffer
  try {
    content = await readFile(join(WEB_FOLDER, wanted))
  } catch {
    return reply(response, 404, { message: `nothing at ${path}` })
  }
  const body = wanted === '/index.html' ? content.toString().replace('%DEMO_TOKEN%', demo.token) : content
  response
    .writeHead(200, { 'content-type': type, 'cache-control': 'no-cache', ...SECURITY_HEADERS })
    .end(body)
}

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > BODY_SIZE_MAX) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  response
    .writeHead(status, {
      'content-type': 'application/json',
      'cache-control': 'no-store',
      ...SECURITY_HEADERS,
    })
    .end(JSON.stringify(body))
}
