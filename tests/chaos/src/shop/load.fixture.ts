import { setTimeout as delay } from 'node:timers/promises'
import { CATALOGUE, PAYMENT_LIMIT_CENTS } from '@rockhopper/shop-contracts'
import type { ShopRun } from './shop-run.fixture.js'

/** What the generator asked for, in its own words. */
export interface Asked {
  readonly orderId: string
  readonly email: string
  readonly phone: string
  readonly pid: number
  readonly quantity: number
  readonly totalCents: number
  /** Its customer took it back after it was confirmed. */
  cancelled: boolean
}

/** Two of three can be had; one of six is too dear for the card, one of six wants more than there is. */
const WISHES = [
  { pid: 1, quantity: 1 },
  { pid: 2, quantity: 3 },
  { pid: 1, quantity: 60 },
  { pid: 3, quantity: 3 },
  { pid: 4, quantity: 4 },
  { pid: 3, quantity: 1 },
] as const

export const TOO_DEAR = { pid: 1, quantity: 60 } as const

/** How long a customer tries: services that die all the time, on a busy machine, serve few. */
const PATIENCE_MS = process.env['ROCKHOPPER_LONG'] === '1' ? 600_000 : 120_000
const PAUSE_MS = 150

/** Places orders as a customer would: the same key until an answer comes, whatever dies meanwhile. */
export class Load {
  readonly asked: Asked[] = []
  readonly #run: ShopRun
  #count = 0

  constructor(run: ShopRun) {
    this.#run = run
  }

  /** Orders placed, and those that are being placed. */
  get count(): number {
    return this.#count
  }

  async place(wish: { readonly pid: number; readonly quantity: number } = this.#next()): Promise<Asked> {
    const index = this.#count++
    const email = `customer${index}@example.com`
    const phone = `+1415${5_550_000 + index}`
    const customer = { id: email, name: `Customer ${index}`, email, phone }
    const price = CATALOGUE.find(({ pid }) => pid === wish.pid)?.unitPriceCents ?? Number.NaN
    const orderId = await this.#post(`key-${index}`, { customer, items: [wish] })
    const asked = { orderId, email, phone, ...wish, totalCents: price * wish.quantity, cancelled: false }
    this.asked.push(asked)
    return asked
  }

  /** Some of those that can be had, once they are confirmed and paid: until the service says it is done. */
  async takeBack(every: number): Promise<void> {
    for (const [index, asked] of this.asked.filter(isPossible).entries()) {
      if (index % every !== 0 || asked.cancelled) continue
      const path = `orders/${asked.orderId}`
      await this.#until(async () => (await this.#read(path))?.status !== 'PENDING')
      await this.#until(async () => {
        const order = await this.#read(`${path}/cancel`, 'POST')
        return order?.status === 'CANCELLED'
      })
      asked.cancelled = true
    }
  }

  async #read(path: string, method = 'GET'): Promise<{ status: string } | undefined> {
    const answer = await fetch(`${this.#run.url('order')}/${path}`, {
      method,
      signal: AbortSignal.timeout(5_000),
    }).catch(() => undefined)
    return answer?.ok === true ? ((await answer.json()) as { status: string }) : undefined
  }

  async #until(holds: () => Promise<boolean>): Promise<void> {
    const until = performance.now() + PATIENCE_MS
    while (performance.now() < until) {
      this.#run.processes.check()
      if (await holds()) return
      await delay(PAUSE_MS)
    }
    throw new Error('the order service does not get on')
  }

  #next(): (typeof WISHES)[number] {
    return WISHES[this.#count % WISHES.length] ?? WISHES[0]
  }

  async #post(key: string, body: unknown): Promise<string> {
    const until = performance.now() + PATIENCE_MS
    for (let attempt = 0; performance.now() < until; attempt++) {
      this.#run.processes.check()
      const answer = await fetch(`${this.#run.urlInTurn('order', this.#count + attempt)}/orders`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': key },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(5_000),
      }).catch(() => undefined)
      // No answer says nothing about the order: the same key again, and it is placed once.
      if (answer?.status === 202) return ((await answer.json()) as { id: string }).id
      if (answer !== undefined && answer.status < 500)
        throw new Error(`${answer.status} ${await answer.text()}`)
      await delay(PAUSE_MS)
    }
    throw new Error(`order ${key} could not be placed`)
  }
}

/** Whether the order can end confirmed at all. */
export function isPossible({ pid, quantity, totalCents }: Asked): boolean {
  const available = CATALOGUE.find((product) => product.pid === pid)?.available ?? 0
  return totalCents <= PAYMENT_LIMIT_CENTS && quantity <= available
}
