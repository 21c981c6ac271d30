import type { ClientRocketMQ, RocketMQRecord, SendReceipt } from '@rockhopper/nestjs'
import type { OutboxPublisher } from '@rockhopper/nestjs/typeorm'
import { type FaultPoint, faultPoint } from './fault-point.js'
import { reportStep } from './step.js'

/** Between outbox and broker: says what the broker answered, before the relay marks the row as sent. */
export class ReportingPublisher implements OutboxPublisher {
  readonly #client: ClientRocketMQ
  readonly #service: string
  readonly #beforePublish: FaultPoint | undefined
  readonly #beforeMark: FaultPoint | undefined

  constructor(client: ClientRocketMQ, service: string, beforePublish?: FaultPoint, beforeMark?: FaultPoint) {
    this.#client = client
    this.#service = service
    this.#beforePublish = beforePublish
    this.#beforeMark = beforeMark
  }

  async publish(
    pattern: { readonly topic: string; readonly tag?: string },
    record: RocketMQRecord,
  ): Promise<SendReceipt> {
    if (this.#beforePublish !== undefined) faultPoint(this.#beforePublish)
    const receipt = await this.#client.publish(pattern, record)
    const { queue, queueOffset, messageId } = receipt
    reportStep({
      service: this.#service,
      what: 'published',
      orderId: record.options.keys?.[0],
      topic: pattern.topic,
      tag: pattern.tag,
      messageId,
      queue: `${queue.brokerName}/${queue.queueId}`,
      words: `kept by the broker at place ${queueOffset} of queue ${queue.queueId}`,
    })
    if (this.#beforeMark !== undefined) faultPoint(this.#beforeMark)
    return receipt
  }
}
