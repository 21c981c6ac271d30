import { Inject, Injectable } from '@nestjs/common'
import { type BatchAddress, type LogLine, logMessages } from '@rockhopper/log-transport'
import { type FaultPoint, faultPoint, measure, Topic } from '@rockhopper/logs-contracts'
import { ClientRocketMQ, RocketMQRecordBuilder } from '@rockhopper/nestjs'

/** Lines on their way to the broker. */
@Injectable()
export class LogSending {
  #lines = 0
  #messages = 0

  constructor(@Inject(ClientRocketMQ) private readonly client: ClientRocketMQ) {
    measure({
      kind: 'counter',
      name: 'log_lines_acknowledged_total',
      help: 'Lines that the broker keeps.',
      labels: [],
      read: () => [[this.#lines, {}]],
    })
  }

  /** Acknowledged by the broker since the start. */
  get acknowledged(): { readonly lines: number; readonly messages: number } {
    return { lines: this.#lines, messages: this.#messages }
  }

  /**
   * Resolves with the number of messages when the broker acknowledged all of them. Rejects when it did not:
   * what was sent by then may be there, and a repeat with the same ids does no harm.
   */
  async send(
    lines: readonly LogLine[],
    address: Omit<BatchAddress, 'topic'>,
    between: FaultPoint,
  ): Promise<number> {
    const messages = logMessages(lines, { topic: Topic.LOG, ...address })
    for (const [at, { body }] of messages.entries()) {
      if (at > 0) faultPoint(between)
      const record = new RocketMQRecordBuilder(Buffer.from(body))
        .setKeys(address.key)
        .setShardingKey(address.shardingKey)
        .build()
      await this.client.publish({ topic: Topic.LOG, tag: 'lines' }, record)
    }
    this.#lines += lines.length
    this.#messages += messages.length
    return messages.length
  }
}
