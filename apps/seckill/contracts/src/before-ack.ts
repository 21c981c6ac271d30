import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common'
import { type Observable, tap } from 'rxjs'
import { type FaultPoint, faultPoint } from './fault-point.js'

/** Marks the moment between the committed effect of a message and its acknowledgement. */
export class BeforeAck implements NestInterceptor {
  readonly #point: FaultPoint

  constructor(point: FaultPoint) {
    this.#point = point
  }

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (context.getType() !== 'rpc') return next.handle()
    // Handlers of events say in words what they did; anything else is an answer to a question.
    return next.handle().pipe(
      tap((words) => {
        if (typeof words === 'string') faultPoint(this.#point)
      }),
    )
  }
}
