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
}

/** Two of three can be had; one of six is too dear for the card, one of six wants more than there is. */
const WISHES = [
  { pid: 1, quantity: 1 },
  { pid: 2, quantity: 3 },
  { pid: 1, quantity: 60 },
  { pid: 3, quantity: 7 },
  { pid: 4, quantity: 4 },
  { pid: 3, quantity: 1 },
] as const

export const TOO_DEAR = { pid: 1, quantity: 60 } as const

const TRIES_MAX = 200

/** Places orders as a customer would: the same key until an answer comes, whatever dies meanwhile. */
export class Load {
  readonly asked: Asked[] = []
  readonly #run: ShopRun

  constructor(run: ShopRun) {
    this.#run = run
  }

  async place(wish: { readonly pid: number; readonly quantity: number } = this.#next()): Promise<Asked> {
    const index = this.asked.length
    const email = `customer${index}@example.com`
    const phone = `+1415555${String(index).padStart(4, '0')}`
    const customer = { id: email, name: `Customer ${index}`, email, phone }
    const price = CATALOGUE.find(({ pid }) => pid === wish.pid)?.unitPriceCents ?? Number.NaN
    const orderId = await this.#post(`key-${index}`, { customer, items: [wish] })
    const asked = { orderId, email, phone, ...wish, totalCents: price * wish.quantity }
    this.asked.push(asked)
    return asked
  }

  #next(): (typeof WISHES)[number] {
    return WISHES[this.asked.length % WISHES.length] ?? WISHES[0]
  }

  async #post(key: string, body: unknown): Promise<string> {
    for (let attempt = 0; attempt < TRIES_MAX; attempt++) {
      this.#run.processes.check()
      const answer = await fetch(`${this.#run.url('order')}/orders`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': key },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(5_000),
      }).catch(() => undefined)
      // No answer says nothing about the order: the same key again, and it is placed once.
      if (answer?.status === 202) return ((await answer.json()) as { id: string }).id
      if (answer !== undefined && answer.status < 500)
        throw new Error(`${answer.status} ${await answer.text()}`)
      await delay(150)
    }
    throw new Error(`order ${key} could not be placed`)
  }
}

/** Whether the order can end confirmed at all. */
export function isPossible({ pid, quantity, totalCents }: Asked): boolean {
  const available = CATALOGUE.find((product) => product.pid === pid)?.available ?? 0
  return totalCents <= PAYMENT_LIMIT_CENTS && quantity <= available
}
