import type { BaseRpcContext, MessageHandler } from '@nestjs/microservices'
import { isObservable, lastValueFrom, type Observable } from 'rxjs'

/** The end of a handler and of the stream that it may return; rejects with what it threw. */
export function handlerEnd(
  handler: MessageHandler,
  data: unknown,
  context: BaseRpcContext,
): Promise<unknown> {
  try {
    const result: unknown = handler(data, context)
    return result instanceof Promise ? result.then(streamEnd) : Promise.resolve(streamEnd(result))
  } catch (error) {
    return Promise.reject(error)
  }
}

/** A stream that ends empty is a success: a filter may swallow the error that way. */
export const lastOf = (stream: Observable<unknown>): Promise<unknown> =>
  lastValueFrom(stream, { defaultValue: undefined })

const streamEnd = (result: unknown): unknown => (isObservable(result) ? lastOf(result) : undefined)
