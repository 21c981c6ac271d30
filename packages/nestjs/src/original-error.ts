import { type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common'
import { catchError, type Observable } from 'rxjs'

/**
 * Nest hands a strategy what its exception filters leave of an error, mostly `{ status, message }`. What was
 * thrown is kept here, by the context of the delivery.
 */
const originals = new WeakMap<object, unknown>()

/** What the handler of this delivery threw, if it was seen. */
export const originalError = (context: object): unknown => originals.get(context)

/** Sees what handlers, pipes and inner interceptors throw. Our decorators bring it along. */
export class KeepOriginalError implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return keep(context, next.handle())
  }
}

interface Hookable {
  useGlobalInterceptors(...interceptors: NestInterceptor[]): unknown
  registerPreRequestHook?(
    hook: (context: ExecutionContext, next: () => Observable<unknown>) => Observable<unknown>,
  ): unknown
}

/**
 * Keeps the errors of every handler of a microservice, also of those with Nest's own decorators. On Nest 12
 * through a pre-request hook, which sees what guards throw as well; Nest 11 has none, so there an interceptor
 * does it. Call it before the microservice starts; `connectRocketMQ` does.
 */
export function keepOriginalErrors(microservice: Hookable): void {
  if (microservice.registerPreRequestHook === undefined) {
    microservice.useGlobalInterceptors(new KeepOriginalError())
  } else {
    microservice.registerPreRequestHook((context, next) => keep(context, next()))
  }
}

function keep(context: ExecutionContext, result$: Observable<unknown>): Observable<unknown> {
  return result$.pipe(
    catchError((error: unknown) => {
      if (context.getType() === 'rpc') {
        const delivery: unknown = context.switchToRpc().getContext()
        if (typeof delivery === 'object' && delivery !== null) originals.set(delivery, error)
      }
      throw error
    }),
  )
}
