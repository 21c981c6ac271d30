import { useEffect, useState } from 'react'
import { liveStream } from './live-stream.js'
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

/** The samples of the last rush, kept up to date by server-sent events. */
export function useSeckill(): SeckillState {
  const [state, setState] = useState<SeckillState>({ online: false, samples: [] })
  useEffect(() => {
    const stream = liveStream(
      '/api/seckill/live',
      {
        reset: () => {
          get<Sample[]>('/api/seckill/series').then(
            (samples) => setState({ online: true, samples }),
            // Without a rush nothing else would ever come.
            () => stream.again(),
          )
        },
        rush: () => setState({ online: true, samples: [] }),
        sample: (data) => {
          setState(({ samples }) => ({
            online: true,
            samples: [...samples, data as Sample].slice(-SAMPLES_MAX),
          }))
        },
      },
      () => setState((old) => ({ ...old, online: false })),
    )
    return stream.close
  }, [])
  return state
}
