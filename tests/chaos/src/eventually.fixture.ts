import { setTimeout as delay } from 'node:timers/promises'

/**
 * Asks until the answer is neither undefined nor false; rejects with what it waited for when the time is
 * over.
 */
export async function eventually<T>(
  what: string,
  timeoutMs: number,
  ask: () => Promise<T | undefined | false> | T | undefined | false,
): Promise<T> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const answer = await ask()
    if (answer !== undefined && answer !== false) return answer
    if (performance.now() > deadline) throw new Error(`${what}: not within ${timeoutMs} ms`)
    await delay(50)
  }
}
