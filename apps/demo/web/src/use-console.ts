import { useEffect, useState } from 'react'
import type { ConsoleView } from '../../src/console-view.js'

const RECONNECT_MS = 1_500

export interface ConsoleState {
  readonly online: boolean
  readonly view: ConsoleView | undefined
}

/** The broker as it is now; while it does not answer, what it said last. */
export function useConsole(): ConsoleState {
  const [state, setState] = useState<ConsoleState>({ online: false, view: undefined })
  useEffect(() => {
    let source: EventSource | undefined
    let timer: ReturnType<typeof setTimeout> | undefined
    const offline = () => setState((old) => ({ ...old, online: false }))
    const connect = () => {
      source = new EventSource('/api/console/live')
      source.addEventListener('view', (event) => {
        setState({ online: true, view: JSON.parse((event as MessageEvent<string>).data) as ConsoleView })
      })
      source.addEventListener('down', offline)
      source.addEventListener('error', () => {
        source?.close()
        offline()
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
