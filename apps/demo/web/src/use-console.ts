import { useEffect, useState } from 'react'
import type { ConsoleView } from '../../src/console-view.js'
import { liveStream } from './live-stream.js'

export interface ConsoleState {
  readonly online: boolean
  readonly view: ConsoleView | undefined
}

/** The broker as it is now; while it does not answer, what it said last. */
export function useConsole(): ConsoleState {
  const [state, setState] = useState<ConsoleState>({ online: false, view: undefined })
  useEffect(() => {
    const offline = () => setState((old) => ({ ...old, online: false }))
    const view = (data: unknown) => setState({ online: true, view: data as ConsoleView })
    return liveStream('/api/console/live', { view, down: offline }, offline).close
  }, [])
  return state
}
