import { type MessageView, PullConsumer } from '@rockhopper/client'
import { isMqError } from '@rockhopper/message'
import type { DeliveryFailure, ServerRocketMQ } from '@rockhopper/nestjs'
import type { RocketMQAddress } from './use-rocketmq.js'

export interface ConsumptionWish {
  readonly topic?: string
  readonly group?: string
  /** How many deliveries; default 1. */
  readonly count?: number
  /** Default 10,000 ms. */
  readonly timeoutMs?: number
}

/**
 * Resolves when so many deliveries ended, whatever their outcome; those before the call do not count. Call it
 * before the message is sent: `const consumed = waitForConsumption(server)`, publish, `await consumed`.
 */
export function waitForConsumption(
  server: ServerRocketMQ,
  { topic, group, count = 1, timeoutMs = 10_000 }: ConsumptionWish = {},
): Promise<void> {
  return new Promise((resolve, reject) => {
    let left = count
    const late = () => reject(new Error(`${left} of ${count} deliveries did not end within ${timeoutMs} ms`))
    const timer = setTimeout(late, timeoutMs)
    server.on('handled', (delivery) => {
      if (topic !== undefined && delivery.topic !== topic) return
      if (group !== undefined && delivery.group !== group) return
      left -= 1
      if (left > 0) return
      clearTimeout(timer)
      resolve()
    })
  })
}

/** Collects what becomes of failed messages from now on. */
export function recordFailures(server: ServerRocketMQ): {
  readonly retries: readonly DeliveryFailure[]
  readonly deadLetters: readonly DeliveryFailure[]
  readonly dropped: readonly DeliveryFailure[]
} {
  const seen = { retries: [], deadLetters: [], dropped: [] } as {
    readonly [Kind in 'retries' | 'deadLetters' | 'dropped']: DeliveryFailure[]
  }
  server.on('retry', (failure) => seen.retries.push(failure))
  server.on('deadLetter', (failure) => seen.deadLetters.push(failure))
  server.on('dropped', (failure) => seen.dropped.push(failure))
  return seen
}

/** What `%DLQ%group` holds, oldest first; empty when there is none. Properties say why (`DEAD_LETTER`). */
export async function deadLetters(mq: RocketMQAddress, group: string): Promise<readonly MessageView[]> {
  const topic = `%DLQ%${group}`
  const consumer = new PullConsumer({
    namesrvAddr: mq.nameserverAddress,
    consumerGroup: 'rockhopper-testing-dead-letters',
  })
  await consumer.start()
  try {
    const found: MessageView[] = []
    for (const queue of await consumer.messageQueues(topic)) {
      const end = await consumer.maxOffset(queue)
      for (let at = await consumer.minOffset(queue); at < end; ) {
        const { messages, nextQueueOffset } = await consumer.pull(queue, at)
        found.push(...messages)
        at = Math.max(at + 1, nextQueueOffset)
      }
    }
    return found
  } catch (error) {
    if (isMqError(error, 'ROUTE_NOT_FOUND')) return []
    throw error
  } finally {
    await consumer.shutdown()
  }
}
