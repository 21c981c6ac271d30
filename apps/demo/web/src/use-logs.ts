import { useEffect, useState } from 'react'
import { liveStream } from './live-stream.js'
import { get } from './server.js'

/** What the services of `apps/logs` answer, as JSON. */
export interface Figures {
  readonly lines: number
  readonly perSecond: number
  readonly levels: Readonly<Record<string, number>>
  readonly errorRatio: number
  readonly p50?: number
  readonly p95?: number
}

export interface Window {
  readonly start: number
  readonly end: number
  readonly version: number
  readonly figures: Figures & {
    readonly top: readonly { readonly message: string; readonly count: number }[]
  }
}

export interface LogLine {
  readonly id: string
  readonly at: number
  readonly level: string
  readonly service: string
  readonly message: string
}

export interface Sink {
  readonly sink: string
  readonly address: string
  readonly stored: number
  readonly repeated: number
  readonly down?: string
}

export interface LogsState {
  readonly online: boolean
  readonly windows: readonly Window[]
  readonly sliding: readonly Window[]
  readonly late: number
  readonly sinks: readonly Sink[]
  readonly newest: readonly LogLine[]
}

const NEWEST_MAX = 60
const EMPTY: LogsState = { online: false, windows: [], sliding: [], late: 0, sinks: [], newest: [] }

/** Each beat of the live view brings the newest lines, and is the moment to ask for the windows. */
export function useLogs(): LogsState {
  const [state, setState] = useState(EMPTY)
  useEffect(() => {
    const change = (some: Partial<LogsState>) => setState((old) => ({ ...old, ...some }))
    const beat = (data: unknown) => {
      const { newest } = data as { newest: LogLine[] }
      setState((old) => ({
        ...old,
        online: true,
        newest: [...newest.toReversed(), ...old.newest].slice(0, NEWEST_MAX),
      }))
      refresh(change)
    }
    return liveStream('/api/logs/live', { beat }, () => change({ online: false })).close
  }, [])
  return state
}

function refresh(change: (some: Partial<LogsState>) => void): void {
  // A service that is down leaves on the page what it said last.
  const keep = () => undefined
  get<Window[]>('/api/logs/windows').then((windows) => change({ windows }), keep)
  get<Window[]>('/api/logs/sliding').then((sliding) => change({ sliding }), keep)
  get<{ late: number }>('/api/logs/state').then(({ late }) => change({ late }), keep)
  get<Sink[]>('/api/logs/storage').then((sinks) => change({ sinks }), keep)
}
