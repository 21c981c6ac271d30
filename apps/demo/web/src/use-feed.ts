import type { Step } from '@rockhopper/shop-contracts/step'
import { useCallback, useEffect, useRef, useState } from 'react'
import { liveStream } from './live-stream.js'
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
    const on = <T>(take: (old: FeedState, data: T) => FeedState) => {
      return (data: unknown) => setState((old) => take(old, data as T))
    }
    const reset = on((old) => ({ ...old, online: true, steps: [], received: [] }))
    const step = on<Step>((old, data) => ({ ...old, steps: withStep(old.steps, data) }))
    const stream = liveStream(
      '/api/feed',
      {
        reset: (data) => {
          reset(data)
          refreshOrders()
          get<Service[]>('/api/services').then(
            (services) => setState((old) => ({ ...old, services })),
            () => undefined,
          )
        },
        step: (data) => {
          step(data)
          refreshOrders()
        },
        services: on<Service[]>((old, services) => ({ ...old, services })),
        received: on<Received>((old, message) => {
          const others = old.received.filter(
            ({ id, channel }) => id !== message.id || channel !== message.channel,
          )
          return { ...old, received: [message, ...others] }
        }),
      },
      () => setState((old) => ({ ...old, online: false })),
    )
    return stream.close
  }, [refreshOrders])

  return state
}

/** Newest first. Steps of different processes may arrive a little out of order. */
function withStep(steps: readonly Step[], step: Step): Step[] {
  const found = steps.findIndex((other) => other.at <= step.at)
  const index = found < 0 ? steps.length : found
  return [...steps.slice(0, index), step, ...steps.slice(index)].slice(0, STEPS_MAX)
}
