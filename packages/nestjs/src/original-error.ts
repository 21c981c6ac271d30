import type { ArgumentsHost, CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common'
import { BaseRpcExceptionFilter } from '@nestjs/microservices'
import { catchError, type Observable } from 'rxjs'
import { RocketMQContext } from './context.js'

/**
 * Nest hands a strategy what its exception filters leave of an error, mostly `{ status, message }`. What was
 * thrown is kept here, by the context of the delivery.
 */
const originals = new WeakMap<object, unknown>()

/** What the handler of this delivery threw, if it was seen. */
export const originalError = (context: object): unknown => originals.get(context)

let isKeeping = false

/**
 * Keeps what Nest's own filter is about to flatten, of handlers, pipes, guards and interceptors, on Nest 11
 * and 12. Nest has no seam there that costs nothing while all goes well: an interceptor or a pre-request hook
 * takes more of each message than everything else the transport does.
 */
export function keepFlattenedErrors(): void {
  if (isKeeping) return
  isKeeping = true
  const flatten = BaseRpcExceptionFilter.prototype.catch
  BaseRpcExceptionFilter.prototype.catch = function (
    this: BaseRpcExceptionFilter,
    exception: unknown,
    host: ArgumentsHost,
  ): Observable<unknown> {
    remember(host, exception)
    return flatten.call(this, exception, host)
  }
}

interface Hookable {
  useGlobalInterceptors(...interceptors: NestInterceptor[]): unknown
  registerPreRequestHook?(
    hook: (context: ExecutionContext, next: () => Observable<unknown>) => Observable<unknown>,
  ): unknown
}

/**
 * Keeps errors also where a filter of the application replaces them, at a cost for every message. On Nest 12
 * through a pre-request hook, on Nest 11 through an interceptor, which does not see what guards throw. Call
 * it before the microservice registers its handlers: before `listen` of `createMicroservice`.
 */
export function keepOriginalErrors(microservice: Hookable): void {
  if (microservice.registerPreRequestHook !== undefined) {
    microservice.registerPreRequestHook((context, next) => keep(context, next()))
    return
  }
  microservice.useGlobalInterceptors({
    intercept: (context: ExecutionContext, next: CallHandler) => keep(context, next.handle()),
  })
}

function keep(context: ExecutionContext, result$: Observable<unknown>): Observable<unknown> {
  return result$.pipe(
    catchError((error: unknown) => {
      remember(context, error)
      throw error
    }),
  )
}

function remember(host: ArgumentsHost, error: unknown): void {
  if (host.getType() !== 'rpc') return
  const delivery: unknown = host.switchToRpc().getContext()
  if (delivery instanceof RocketMQContext) originals.set(delivery, error)
}
