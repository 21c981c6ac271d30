import type { DeadLetter as Letter } from '@rockhopper/shop-contracts/dead-letter'

/** What the demo's server sends; the shapes of `apps/demo/src` as JSON. */
export interface Received {
  readonly at: number
  readonly channel: 'mail' | 'sms'
  readonly id: string
  readonly to: string
  readonly subject: string
  readonly text: string
  readonly count: number
}

export interface Service {
  readonly name: string
  readonly port: number
  readonly scenario?: string
  readonly state: {
    readonly kind: 'stopped' | 'starting' | 'running' | 'stopping'
    readonly pid?: number
    readonly why?: string
  }
}

/** With the service that keeps it. */
export type DeadLetter = Letter & { readonly service: string }

export interface Order {
  readonly id: string
  readonly status: 'PENDING' | 'CONFIRMED' | 'CANCELLED'
  readonly inventory: string
  readonly payment: string
  readonly reason: string
  readonly customer: { readonly name: string }
  readonly items: readonly { readonly name: string; readonly quantity: number }[]
  readonly totalCents: number
  readonly createdAt: string
}

const token = document.querySelector<HTMLMetaElement>('meta[name=demo-token]')?.content ?? ''

/** Rejects with the server's own message, which names the next step. */
export async function get<T>(path: string): Promise<T> {
  return answer<T>(await fetch(path))
}

export async function post<T>(path: string, body: unknown, headers: Record<string, string> = {}): Promise<T> {
  const all = { 'content-type': 'application/json', 'x-demo-token': token, ...headers }
  return answer<T>(await fetch(path, { method: 'POST', headers: all, body: JSON.stringify(body) }))
}

async function answer<T>(response: Response): Promise<T> {
  const body = (await response.json()) as T & { message?: unknown }
  if (response.ok) return body
  const { message } = body
  throw new Error(Array.isArray(message) ? message.join('; ') : String(message ?? response.status))
}
