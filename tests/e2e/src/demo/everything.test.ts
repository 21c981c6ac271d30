import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { DemoRun, eventually, leftOf } from './demo-run.fixture.js'

const DASHBOARDS = join(import.meta.dirname, '../../../../docker/grafana/dashboards')
const WAIT_MS = 20_000
const DRAIN_MS = 15_000
const SHOP = ['order', 'inventory', 'payment', 'notification', 'user']
const LOGS = ['collector', 'storage', 'analytics']
const SECKILL = ['api', 'worker', 'notifier']
const SERVICES = [...SHOP, ...LOGS, ...SECKILL]

const folder = mkdtempSync(join(tmpdir(), 'rockhopper-demo-'))
let demo: DemoRun

beforeAll(async () => {
  const base = 20_000 + Math.floor(Math.random() * 20_000)
  // The busy services tell of single requests and messages only when they are asked to.
  const extra = { LOG_LEVEL: 'debug' }
  demo = new DemoRun(['--', '--port-base', String(base), '--data-dir', folder], extra)
  await demo.ready()
}, 120_000)

afterAll(async () => {
  await demo.destroy()
  rmSync(folder, { recursive: true, force: true })
}, 60_000)

const url = async (service: string, path: string) => `http://127.0.0.1:${await demo.portOf(service)}${path}`

async function post(service: string, path: string, body: object, headers = {}): Promise<Response> {
  return fetch(await url(service, path), {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
}

/** A trace that somebody else began. */
function newTrace(): { readonly id: string; readonly traceparent: string } {
  const id = randomBytes(16).toString('hex')
  return { id, traceparent: `00-${id}-${randomBytes(8).toString('hex')}-01` }
}

/** Those of the services that do not tell of the trace, when the time is over. */
async function silentAbout(traceId: string, services: readonly string[]): Promise<string[]> {
  let silent = [...services]
  await eventually(WAIT_MS, async () => {
    const lines = await Promise.all(silent.map((service) => demo.linesOf(service)))
    silent = silent.filter((_, at) => !lines[at]?.some((line) => isAbout(line, traceId)))
    return silent.length === 0 ? true : undefined
  })
  return silent
}

function isAbout(line: string, traceId: string): boolean {
  if (!line.startsWith('{')) return false
  return (JSON.parse(line) as { trace_id?: string }).trace_id === traceId
}

interface Dashboard {
  readonly panels: readonly { readonly targets: readonly { readonly expr: string }[] }[]
}

/** Names in a PromQL expression; those of labels begin otherwise, and their values are no names. */
const namesIn = (expr: string): string[] =>
  expr.replace(/"[^"]*"/g, '').match(/\b(?:http|rocketmq|log|seckill|nodejs|process)_\w+/g) ?? []

/** A histogram is exported as three. */
const metricsOf = (page: string): string[] =>
  [...page.matchAll(/^# TYPE (\w+) (\w+)$/gm)].flatMap(([, name = '', kind]) =>
    kind === 'histogram' ? ['_bucket', '_count', '_sum'].map((part) => name + part) : [name],
  )

describe('the demo with everything at once', () => {
  test('every service runs, is ready and tells how it is; the page knows all scenarios', async () => {
    const services = await demo.services()
    expect(services.map(({ state }) => state.kind)).toEqual(services.map(() => 'running'))
    expect(services.map(({ name }) => name)).toEqual(expect.arrayContaining(['broker', ...SERVICES]))
    expect(await (await fetch(`${demo.pageUrl}api/scenarios`)).json()).toEqual(['shop', 'logs', 'seckill'])
    expect(await (await fetch(demo.pageUrl)).text()).toContain('<div id="root">')
    for (const path of ['api/orders', 'api/logs/state', 'api/seckill/metrics'])
      expect((await fetch(demo.pageUrl + path)).status).toBe(200)
    for (const service of SERVICES) {
      expect(await (await fetch(await url(service, '/health'))).json()).toMatchObject({ status: 'ok' })
      const ready = await eventually(WAIT_MS, async () => {
        const answer = await fetch(await url(service, '/ready'))
        return answer.ok ? ((await answer.json()) as object) : undefined
      })
      expect({ service, ready }).toMatchObject({
        service,
        ready: { status: 'up', rocketmq: { status: 'up' } },
      })
      const metrics = await (await fetch(await url(service, '/metrics'))).text()
      expect(metrics).toContain('# TYPE rocketmq_client_process_seconds histogram')
      const errors = (await demo.linesOf(service)).filter((line) => line.includes('"level":"error"'))
      expect(errors).toEqual([])
    }
  }, 60_000)

  test('every metric that a dashboard shows is exported by a service', async () => {
    const pages = await Promise.all(
      SERVICES.map(async (service) => (await fetch(await url(service, '/metrics'))).text()),
    )
    const exported = new Set(pages.flatMap(metricsOf))
    const shown = readdirSync(DASHBOARDS).flatMap((file) => {
      const { panels } = JSON.parse(readFileSync(join(DASHBOARDS, file), 'utf8')) as Dashboard
      return panels.flatMap(({ targets }) => targets.flatMap(({ expr }) => namesIn(expr)))
    })
    expect(new Set(shown).size).toBeGreaterThan(10)
    expect([...new Set(shown)].filter((name) => !exported.has(name))).toEqual([])
  }, 60_000)

  test('the trace of one request is in the log of every service that had to do with it', async () => {
    const order = newTrace()
    const answer = await fetch(await url('order', '/order?pid=2'), {
      headers: { traceparent: order.traceparent },
    })
    expect(answer.status).toBe(200)
    const campaign = { campaignId: 'c', items: [{ itemId: 'i', stock: 1 }] }
    expect((await post('worker', '/campaigns', campaign)).status).toBe(201)
    const rush = newTrace()
    const path = '/campaigns/c/items/i/requests'
    const asked = await post('api', path, { userId: 'u' }, { traceparent: rush.traceparent })
    expect(asked.status).toBe(202)
    const lines = newTrace()
    const line = { time: Date.now(), level: 'info', service: 'cart', message: 'one line' }
    const batch = { 'x-batch-id': lines.id, traceparent: lines.traceparent }
    expect((await post('collector', '/logs', line, batch)).status).toBe(202)
    const inOrder = ['order', 'inventory', 'payment', 'notification']
    expect(await silentAbout(order.id, inOrder)).toEqual([])
    expect(await silentAbout(rush.id, SECKILL)).toEqual([])
    expect(await silentAbout(lines.id, LOGS)).toEqual([])
    const others = await Promise.all(['user', 'worker'].map((service) => demo.linesOf(service)))
    expect(others.flat().filter((line) => isAbout(line, order.id))).toEqual([])
  }, 60_000)

  test('SIGTERM drains all of it and leaves nothing', async () => {
    const parts = await demo.parts()
    demo.signal('SIGTERM')
    expect(await demo.ended()).toBe(0)
    expect(await leftOf(parts, DRAIN_MS)).toEqual([])
  }, 60_000)
})
