import type { LoggerService } from '@nestjs/common'
import type { Log } from '@rockhopper/env'

/** The same warning about the same thing is not repeated for this long. */
const REPEAT_MS = 60_000
const KEPT_MAX = 1_000

/** What to do about a warning that a first set-up meets. */
const NEXT_STEPS: Readonly<Record<string, string>> = {
  'client.rebalance.noRoute':
    'the topic does not exist: it is made by the first message to it, or by `rockhopper updateTopic`',
  'nestjs.nameServer.unreachable':
    'no name server yet, it is tried again: start one with `rockhopper server`, or correct namesrvAddr',
}

/** What the client says, in Nest's log. */
export function nestLog(logger: LoggerService): Log {
  const told = new Map<string, number>()
  return {
    info: (code, fields) => logger.debug?.({ code, ...fields }),
    warn: (code, fields = {}) => {
      const about = Object.values(fields).filter((value) => typeof value !== 'object')
      const key = [code, ...about].join(' ')
      const now = performance.now()
      if (now - (told.get(key) ?? Number.NEGATIVE_INFINITY) < REPEAT_MS) return
      if (told.size >= KEPT_MAX) told.clear()
      told.set(key, now)
      const message = NEXT_STEPS[code]
      logger.warn({ ...(message === undefined ? {} : { message }), code, ...fields })
    },
    error: (code, fields) => logger.error({ code, ...fields }),
  }
}
