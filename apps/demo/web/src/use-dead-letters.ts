import { useCallback, useEffect, useState } from 'react'
import { type DeadLetter, get } from './server.js'

const SERVICES = ['order', 'inventory', 'payment', 'notification'] as const
/** The broker puts a message aside a moment after its last failure. */
const SETTLE_MS = 700
const REFRESH_MS = 5_000

/** The dead letters of every service that answers: asked again when something failed, and now and then. */
export function useDeadLetters(failures: number): {
  readonly letters: readonly DeadLetter[]
  readonly refresh: () => void
} {
  const [letters, setLetters] = useState<readonly DeadLetter[]>([])
  const refresh = useCallback(() => {
    const asked = SERVICES.map(async (service) => {
      const found = await get<Omit<DeadLetter, 'service'>[]>(`/api/dead-letters/${service}`)
      return found.map((letter) => ({ ...letter, service }))
    })
    void Promise.allSettled(asked).then((answers) => {
      const found = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []))
      setLetters(found.sort((a, b) => b.at - a.at))
    })
  }, [])
  useEffect(() => {
    const timer = setTimeout(refresh, failures > 0 ? SETTLE_MS : 0)
    const again = setInterval(refresh, REFRESH_MS)
    return () => {
      clearTimeout(timer)
      clearInterval(again)
    }
  }, [failures, refresh])
  return { letters, refresh }
}
