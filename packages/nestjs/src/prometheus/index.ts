import { Counter, Gauge, Histogram, type Registry, register } from 'prom-client'
import type { RocketMQInstrumentation } from '../instrumentation.js'

/**
 * Counts and times sends and deliveries in a registry of prom-client; default its global one. Give one to
 * every server and client of a process as `instrumentation`: two on one registry are refused by prom-client.
 */
export function prometheus({
  registry = register,
}: {
  readonly registry?: Registry
} = {}): RocketMQInstrumentation {
  const registers = [registry]
  const sent = new Counter({
    name: 'rocketmq_client_send_total',
    help: 'Messages sent, by topic and outcome.',
    labelNames: ['topic', 'outcome'],
    registers,
  })
  const handled = new Histogram({
    name: 'rocketmq_client_process_seconds',
    help: 'From the arrival of a message to its verdict: done, retry, dead-letter or drop.',
    labelNames: ['topic', 'consumer_group', 'outcome'],
    registers,
  })
  const running = new Gauge({
    name: 'rocketmq_client_in_flight',
    help: 'Messages whose handler has not ended.',
    labelNames: ['topic', 'consumer_group'],
    registers,
  })
  return {
    async publish(message, send) {
      const { topic } = message
      try {
        const result = await send(message)
        sent.inc({ topic, outcome: 'ok' })
        return result
      } catch (error) {
        sent.inc({ topic, outcome: 'failed' })
        throw error
      }
    },
    async deliver({ message, group }, handle) {
      const labels = { topic: message.topic, consumer_group: group }
      const end = handled.startTimer(labels)
      running.inc(labels)
      try {
        const verdict = await handle()
        end({ outcome: verdict.kind })
        return verdict
      } finally {
        running.dec(labels)
      }
    },
  }
}
