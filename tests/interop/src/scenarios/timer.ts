import { expect } from '@jest/globals'
import type { ClientProgram } from '../clients.js'
import type { Cluster } from '../cluster.js'
import type { Planned } from '../plan.js'
import { withPrograms } from '../program.js'
import { differences, type ReceivedLine } from '../received.js'
import { createTopic } from '../topics.js'

/** Delays of the messages from when they are planned, ms. Past, soon, and later out of order. */
const DELAYS_MS = [-1_000, 9_000, 4_000, 6_500]

/**
 * Messages with a time of their own come at that time by the broker's clock, whatever their order, with
 * everything they had.
 */
export async function deliverAtTheirTime(cluster: Cluster, client: ClientProgram): Promise<void> {
  const { nameserver } = cluster
  const topic = `timed-${client.name.replaceAll(/\W/g, '_')}`
  await createTopic(cluster, topic)
  await withPrograms(async (programs) => {
    const consumer = await client.consume({
      nameserver,
      topic,
      group: `${topic}-group`,
      count: DELAYS_MS.length,
    })
    programs.push(consumer)
    const messages = timedMessages(topic, Date.now())
    const producer = await client.produce({ nameserver, group: `${topic}-producers`, messages, mode: 'sync' })
    programs.push(producer)
    await producer.succeeded()
    const received = (await consumer.succeeded()).of('received') as ReceivedLine[]
    expect(differences(received, messages)).toEqual([])
    for (const line of received) expectNotEarly(line, messages)
  })
}

export function timedMessages(
  topic: string,
  now: number,
  delaysMs: readonly number[] = DELAYS_MS,
): Planned[] {
  return delaysMs.map((delayMs, index) => ({
    topic,
    keys: `timed-${index}`,
    body: Buffer.from(`due after ${delayMs} ms`),
    properties: { index: String(index) },
    deliverTimeMs: now + delayMs,
  }))
}

/** A message that went through the wheel tells when it left it. One that was due at once did not. */
export function expectNotEarly(line: ReceivedLine, messages: readonly Planned[]): void {
  const { TIMER_DEQUEUE_MS: left, TIMER_DELIVER_MS: due } = line.properties
  const planned = messages.find(({ keys }) => keys === line.keys)
  expect(due).toBe(String(planned?.deliverTimeMs))
  if (left !== undefined) expect(Number(left)).toBeGreaterThanOrEqual(Number(due))
}
