import type { LoggerService } from '@nestjs/common'
import type { Log } from '@rockhopper/env'

/** What the client says, in Nest's log. */
export const nestLog = (logger: LoggerService): Log => ({
  info: (code, fields) => logger.debug?.({ code, ...fields }),
  warn: (code, fields) => logger.warn({ code, ...fields }),
  error: (code, fields) => logger.error({ code, ...fields }),
})
