import { setTimeout as sleep } from 'node:timers/promises'

const POLL_MS = 100

/**
 * Asks again and again until the answer is not undefined. A rejection counts as "not yet" and is the cause at
 * the end.
 */
export async function eventually<T>(
  what: string,
  timeoutMs: number,
  ask: () => Promise<T | undefined>,
): Promise<T> {
  const deadline = performance.now() + timeoutMs
  let cause: unknown
  for (;;) {
    try {
      const answer = await ask()
      if (answer !== undefined) return answer
    } catch (error) {
      cause = error
    }
    if (performance.now() > deadline) throw new Error(`${what}: not within ${timeoutMs} ms`, { cause })
    await sleep(POLL_MS)
  }
}
