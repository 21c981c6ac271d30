import {
  type ArgumentsHost,
  Catch,
  type ExceptionFilter,
  HttpException,
  HttpStatus,
  Logger,
} from '@nestjs/common'
import { throwError } from 'rxjs'

interface HttpAnswer {
  status(code: number): HttpAnswer
  json(body: unknown): void
}

/**
 * HTTP callers get `{ status, message }` and never a stack; a failed message goes back to the broker as it
 * is.
 */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  readonly #logger = new Logger(ProblemFilter.name)

  catch(error: unknown, host: ArgumentsHost): unknown {
    if (host.getType() !== 'http') return throwError(() => error)
    const status = error instanceof HttpException ? error.getStatus() : HttpStatus.INTERNAL_SERVER_ERROR
    if (status >= 500) this.#logger.error(error)
    host
      .switchToHttp()
      .getResponse<HttpAnswer>()
      .status(status)
      .json({ status, message: messageOf(error) })
    return undefined
  }
}

function messageOf(error: unknown): unknown {
  if (!(error instanceof HttpException)) return 'the service failed; its log says why'
  const response = error.getResponse()
  return typeof response === 'object' && 'message' in response ? response.message : response
}
