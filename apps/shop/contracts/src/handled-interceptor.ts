import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common'
import { RocketMQContext } from '@rockhopper/nestjs'
import { catchError, mergeMap, type Observable, of, throwError } from 'rxjs'
import { type FaultPoint, faultPoint } from './fault-point.js'
import { reportStep } from './step.js'

/**
 * Around every message handler: says what came of it, and marks the moment between the committed effect and
 * the acknowledgement. HTTP requests pass through untouched.
 */
@Injectable()
export class HandledInterceptor implements NestInterceptor {
  constructor(
    private readonly service: string,
    private readonly beforeAck: FaultPoint | undefined,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const delivery = context.getType() === 'rpc' ? context.switchToRpc().getContext<unknown>() : undefined
    if (!(delivery instanceof RocketMQContext)) return next.handle()
    const facts = {
      service: this.service,
      orderId: delivery.getKeys()[0],
      topic: delivery.getTopic(),
      tag: delivery.getTag(),
      messageId: delivery.getMessageId(),
      queue: `${delivery.getMessage().brokerName}/${delivery.getQueueId()}`,
      attempt: delivery.getDeliveryAttempt(),
    }
    return next.handle().pipe(
      mergeMap((words: unknown) => {
        // Handlers of events say in words what they did; anything else is an answer to a question.
        if (typeof words === 'string') {
          reportStep({ ...facts, what: 'handled', words })
          if (this.beforeAck !== undefined) faultPoint(this.beforeAck)
        }
        return of(words)
      }),
      catchError((error: unknown) => {
        const reason = error instanceof Error ? error.message : String(error)
        reportStep({ ...facts, what: 'failed', words: `failed: ${reason}` })
        return throwError(() => error)
      }),
    )
  }
}
