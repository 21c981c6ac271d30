import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { brokerPlan, Child, HOST, Ports, packageFolder } from '@rockhopper/demo'
import { type Answer, type RushPlan, rush } from './rush.js'

export type SideName = 'queue' | 'direct'

/** What one side made of the rush. */
export interface Side {
  readonly name: SideName
  readonly answers: readonly Answer[]
  /** When each decision was made, ms since the rush began. */
  readonly decidedAt: readonly number[]
  readonly orders: number
}

export interface SidePlan extends RushPlan {
  readonly database: string
  readonly stock: number
  /** Decisions a second of the worker. */
  readonly rate: number
}

const INSTANCES = 3
const QUIET_MS = 3_000
const SETTLE_MS = 600_000
const STOP_MS = 8_000
const CAMPAIGN_PREFIX = 'compare'
const BASE_PORT = 18_100

/** Starts one side, lets the crowd come, waits until everything is decided, and ends it. */
export async function measured(name: SideName, plan: SidePlan): Promise<Side> {
  const dataDir = mkdtempSync(join(tmpdir(), 'rockhopper-compare-'))
  const children: Child[] = []
  const start = async (child: Child): Promise<void> => {
    children.unshift(child)
    await child.start()
  }
  try {
    const { doors, books } = await (name === 'queue' ? startQueue : startDirect)(plan, dataDir, start)
    const campaignId = `${CAMPAIGN_PREFIX}-${Date.now()}`
    await open(books, campaignId, plan)
    // Each door has to have seen the item, and each connection to be open, before it counts.
    for (const door of doors) await fetch(`${door}/health`).then((response) => response.arrayBuffer())
    const { beganAt, answers, served } = await rush(doors, campaignId, plan)
    const decided = await settled(books, campaignId, served)
    return {
      name,
      answers,
      decidedAt: decided.map(({ decidedAt }) => decidedAt - beganAt).sort((a, b) => a - b),
      orders: decided.filter(({ outcome }) => outcome === 'won').length,
    }
  } finally {
    for (const child of children) await child.stop(STOP_MS)
    rmSync(dataDir, { recursive: true, force: true })
  }
}

/** Where requests go, and where campaigns are opened and read. */
interface Addresses {
  readonly doors: readonly string[]
  readonly books: string
}

type Start = (child: Child) => Promise<void>

async function startDirect(plan: SidePlan, dataDir: string, start: Start): Promise<Addresses> {
  const ports = new Ports(HOST)
  const doors: string[] = []
  for (let n = 1; n <= INSTANCES; n++) {
    const port = await ports.take(BASE_PORT + n)
    const script = join(import.meta.dirname, 'direct-main.js')
    await start(child('direct', script, port, { ROCKHOPPER_DATA_DIR: dataDir, DATABASE_URL: plan.database }))
    doors.push(`http://${HOST}:${port}`)
  }
  return { doors, books: doors[0] ?? '' }
}

async function startQueue(plan: SidePlan, dataDir: string, start: Start): Promise<Addresses> {
  const ports = new Ports(HOST)
  const nameserver = await ports.take(BASE_PORT + 20)
  const addresses = { nameserver, broker: await ports.take(BASE_PORT + 22), smtp: 0, sms: 0 }
  const options = { scenarios: [], portBase: BASE_PORT, dataDir, reset: false }
  await start(new Child(brokerPlan(options, addresses), SILENT))
  const shared = {
    ROCKETMQ_NAMESRV_ADDR: `${HOST}:${nameserver}`,
    ROCKHOPPER_TOPICS: 'create',
    ROCKHOPPER_DATA_DIR: dataDir,
    DATABASE_URL: plan.database,
    SECKILL_RATE: String(plan.rate),
    SECKILL_PAY_WITHIN_S: '86400',
    // Everybody who comes before it is sold out may stand in line, as at the other side.
    SECKILL_STOCK_MULTIPLE: '10000',
    SECKILL_ADMIT_RATE: '1000000',
  }
  const main = (service: string) => join(packageFolder(`@rockhopper/seckill-${service}`), 'dist', 'main.js')
  const worker = await ports.take(BASE_PORT + 30)
  await start(child('worker', main('worker'), worker, { ...shared, SECKILL_INSTANCE: 'worker-1' }))
  const doors: string[] = []
  for (let n = 1; n <= INSTANCES; n++) {
    const port = await ports.take(BASE_PORT + 30 + n)
    await start(child('api', main('api'), port, { ...shared, SECKILL_INSTANCE: `api-${n}` }))
    doors.push(`http://${HOST}:${port}`)
  }
  return { doors, books: `http://${HOST}:${worker}` }
}

const SILENT = { changed: () => undefined, message: () => undefined, line: () => undefined }

function child(service: string, script: string, port: number, env: Record<string, string>): Child {
  const ready = new RegExp(`^ready service=${service} `)
  const all = { HOST, PORT: String(port), ...env }
  return new Child({ name: service, script, args: [], env: all, ready }, SILENT)
}

async function open(books: string, campaignId: string, { items, stock }: SidePlan): Promise<void> {
  const response = await fetch(`${books}/campaigns`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ campaignId, items: items.map((itemId) => ({ itemId, stock })) }),
  })
  if (!response.ok) throw new Error(`POST ${books}/campaigns: ${response.status} ${await response.text()}`)
}

interface Decision {
  readonly outcome: string
  readonly decidedAt: number
}

/**
 * Every decision, when everybody who was served has one, and no more have come for a while: of those who went
 * away without an answer some have one, too.
 */
async function settled(books: string, campaignId: string, served: number): Promise<Decision[]> {
  const deadline = performance.now() + SETTLE_MS
  for (let before = -1; performance.now() < deadline; ) {
    const response = await fetch(`${books}/campaigns/${campaignId}/tickets`)
    const decided = (await response.json()) as Decision[]
    if (decided.length === before && decided.length >= served) return decided
    before = decided.length
    await delay(QUIET_MS)
  }
  throw new Error(`decisions still come after ${SETTLE_MS / 1_000} s: take fewer users, or a higher rate`)
}
