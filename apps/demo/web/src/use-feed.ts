import type { Step } from '@rockhopper/shop-contracts/step'
import { useCallback, useEffect, useRef, useState } from 'react'
import { get, type Order, type Received, type Service } from './server.js'

const STEPS_MAX = 1_000

export interface FeedState {
  readonly online: boolean
  readonly steps: readonly Step[]
  readonly received: readonly Received[]
  readonly services: readonly Service[]
  readonly orders: readonly Order[]
}

const EMPTY: FeedState = { online: false, steps: [], received: [], services: [], orders: [] }

/** Everything the page shows, kept up to date by server-sent events. */
export function useFeed(): FeedState {
  const [state, setState] = useState(EMPTY)
  const asking = useRef(false)

  const refreshOrders = useCallback(() => {
    if (asking.current) return
    asking.current = true
    // Many steps come at once; one question answers for all of them.
    setTimeout(() => {
      asking.current = false
      get<Order[]>('/api/orders').then(
        (orders) => setState((old) => ({ ...old, orders })),
        // The order service is down: what was known last stays on the page.
        () => undefined,
      )
    }, 150)
  }, [])

  useEffect(() => {
    const source = new EventSource('/api/feed')
    const on = <T>(event: string, take: (old: FeedState, data: T) => FeedState) => {
      source.addEventListener(event, (message) => {
        const data = JSON.parse((message as MessageEvent<string>).data) as T
        setState((old) => take(old, data))
      })
    }
    on('reset', (old) => ({ ...old, online: true, steps: [], received: [] }))
    on<Step>('step', (old, step) => ({ ...old, steps: withStep(old.steps, step) }))
    on<Service[]>('services', (old, services) => ({ ...old, services }))
    on<Received>('received', (old, message) => {
      const others = old.received.filter(
        ({ id, channel }) => id !== message.id || channel !== message.channel,
      )
      return { ...old, received: [message, ...others] }
    })
    source.addEventListener('step', refreshOrders)
    source.addEventListener('reset', () => {
      refreshOrders()
      get<Service[]>('/api/services').then(
        (services) => setState((old) => ({ ...old, services })),
        () => undefined,
      )
    })
    source.addEventListener('error', () => setState((old) => ({ ...old, online: false })))
    return () => source.close()
  }, [refreshOrders])

  return state
}

/** Newest first. Steps of different processes may arrive a little out of order. */
function withStep(steps: readonly Step[], step: Step): Step[] {
  const found = steps.findIndex((other) => other.at <= step.at)
  const index = found < 0 ? steps.length : found
  return [...steps.slice(0, index), step, ...steps.slice(index)].slice(0, STEPS_MAX)
}
