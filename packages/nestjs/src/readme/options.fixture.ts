import { Controller } from '@nestjs/common'
import { Ctx, Payload } from '@nestjs/microservices'
import { BatchFailedException, RocketMQContext, RocketMQEvent } from '@rockhopper/nestjs'

@Controller()
export class Projections {
  /** Up to 200 payloads at once; of a failed batch only the named messages come again. */
  @RocketMQEvent('order_topic', { group: 'search', batch: { size: 200, waitMs: 100 } })
  index(@Payload() orders: readonly { id: string }[]): void {
    const failures = new Map(orders.flatMap(({ id }, at) => (id === '' ? [[at, new Error('no id')]] : [])))
    if (failures.size > 0) throw new BatchFailedException(failures)
  }

  /** Five deliveries, later and later; a SyntaxError is never tried again. */
  @RocketMQEvent('payment_topic', {
    retry: { attempts: 5, delayMs: [1_000, 10_000, 60_000], deadLetter: [SyntaxError] },
    rateLimit: { count: 100, perMs: 1_000 },
  })
  charge(@Payload() payment: object): void {
    console.log(payment)
  }

  /** Settled by hand; if nobody does, it comes again after a minute. */
  @RocketMQEvent({ topic: 'audit_topic', sql: 'amount > 100' }, { ackMode: 'manual', ackTimeoutMs: 60_000 })
  audit(@Payload() entry: { ok: boolean }, @Ctx() context: RocketMQContext): void {
    if (entry.ok) context.ack()
    else context.deadLetter('refused by audit')
  }
}
