import { useEffect, useState } from 'react'
import { get } from './server.js'

/** As apps/demo/src/crowd-sample.ts. */
export interface Sample {
  readonly at: number
  readonly arriving: number
  readonly deciding: number
  readonly waiting: number
  readonly left: number
  readonly outcomes: Readonly<Record<string, number>>
  readonly answers: Readonly<Record<string, number>>
  readonly p50Ms: number
  readonly p99Ms: number | null
}

export interface SeckillState {
  readonly online: boolean
  readonly samples: readonly Sample[]
}

const SAMPLES_MAX = 240
const RECONNECT_MS = 1_500

/** The samples of the last rush, kept up to date by server-sent events. */
export function useSeckill(): SeckillState {
  const [state, setState] = useState<SeckillState>({ online: false, samples: [] })
  useEffect(() => {
    let source: EventSource | undefined
    let timer: ReturnType<typeof setTimeout> | undefined
    const connect = () => {
      source = new EventSource('/api/seckill/live')
      source.addEventListener('reset', () => {
        get<Sample[]>('/api/seckill/series').then(
          (samples) => setState({ online: true, samples }),
          () => undefined,
        )
      })
      source.addEventListener('rush', () => setState({ online: true, samples: [] }))
      source.addEventListener('sample', (event) => {
        const sample = JSON.parse((event as MessageEvent<string>).data) as Sample
        setState(({ samples }) => ({ online: true, samples: [...samples, sample].slice(-SAMPLES_MAX) }))
      })
      source.addEventListener('error', () => {
        // A refused stream is not tried again by the browser.
        source?.close()
        setState((old) => ({ ...old, online: false }))
        timer = setTimeout(connect, RECONNECT_MS)
      })
    }
    connect()
    return () => {
      clearTimeout(timer)
      source?.close()
    }
  }, [])
  return state
}
