const RECONNECT_MS = 1_500

export interface LiveStream {
  /** Opens it anew after a pause, as when the connection broke. */
  readonly again: () => void
  readonly close: () => void
}

/**
 * Server-sent events that go on: a refused stream is not tried again by the browser.
 *
 * @param events what each event does with its data.
 * @param offline told whenever the stream is gone.
 */
export function liveStream(
  path: string,
  events: Readonly<Record<string, (data: unknown) => void>>,
  offline: () => void,
): LiveStream {
  let source: EventSource | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  const close = () => {
    clearTimeout(timer)
    source?.close()
  }
  const again = () => {
    close()
    offline()
    timer = setTimeout(connect, RECONNECT_MS)
  }
  const connect = () => {
    source = new EventSource(path)
    for (const [event, take] of Object.entries(events)) {
      source.addEventListener(event, (message) => {
        take(JSON.parse((message as MessageEvent<string>).data || 'null'))
      })
    }
    source.addEventListener('error', again)
  }
  connect()
  return { again, close }
}
