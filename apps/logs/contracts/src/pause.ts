/** Ends early, without a failure, when the signal says so. */
export function pause(pauseMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, pauseMs)
    signal.addEventListener('abort', done)
    if (signal.aborted) done()
  })
}
