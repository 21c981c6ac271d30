import { expect } from '@jest/globals'
import { type ClientProgram, runJava } from '../clients.js'
import type { Cluster } from '../cluster.js'
import { eventually } from '../eventually.js'
import type { Planned } from '../plan.js'
import { type Program, withPrograms } from '../program.js'
import { differences, type ReceivedLine } from '../received.js'
import { createTopic, routed } from '../topics.js'

const FAILING = 'Failing'
const MESSAGE_COUNT = 6
const DEAD_LETTER_TIMEOUT_MS = 60_000

/**
 * A message whose first two attempts fail is delivered three times, counted in reconsumeTimes; the others
 * once. In a second group, which allows one retry and always fails, it ends in the dead-letter topic with
 * everything it had; sent again from there to where it came from, that group gets it as a new message.
 */
export async function retryAndDeadLetter(cluster: Cluster, client: ClientProgram): Promise<void> {
  const { nameserver } = cluster
  const name = client.name.replaceAll(/\W/g, '_')
  const topic = `retry-${name}`
  const group = `patient-${name}`
  const deadGroup = `impatient-${name}`
  const messages = plannedMessages(topic)
  const failing = messages.filter(({ tag }) => tag === FAILING)
  const count = failing.length
  await createTopic(cluster, topic)
  await withPrograms(async (programs) => {
    const patient = { nameserver, topic, group, failAttempts: 2, failTag: FAILING, count: messages.length }
    const impatient = {
      nameserver,
      topic,
      group: deadGroup,
      expression: FAILING,
      failAttempts: 100,
      maxReconsume: 1,
    }
    const consumers = await Promise.all([client.consume(patient), client.consume(impatient)])
    programs.push(...consumers)
    const producer = await client.produce({ nameserver, group: `${topic}-producers`, messages })
    programs.push(producer)
    await producer.succeeded()
    const [first, second] = consumers as [Program, Program]
    await first.succeeded()
    expect(attemptsByKey(first)).toEqual(
      Object.fromEntries(messages.map(({ keys, tag }) => [keys, tag === FAILING ? [0, 1, 2] : [0]])),
    )
    const dead = await deadLetters(cluster, deadGroup, count, programs)
    expect(differences(dead, failing)).toEqual([])
    expect(new Set(dead.map(({ properties }) => properties['RETRY_TOPIC']))).toEqual(new Set([topic]))
    expect(dead.every(({ properties }) => (properties['ORIGIN_MESSAGE_ID'] ?? '') !== '')).toBe(true)
    expect(attemptsByKey(second)).toEqual(Object.fromEntries(failing.map(({ keys }) => [keys, [0, 1]])))
    await second.closed()
    const again = dead.map(resent)
    const resender = await client.produce({ nameserver, group: `${topic}-resenders`, messages: again })
    programs.push(resender)
    await resender.succeeded()
    const cured = await client.consume({ nameserver, topic, group: deadGroup, expression: FAILING, count })
    programs.push(cured)
    await cured.succeeded()
    const received = cured.of('received') as ReceivedLine[]
    expect(differences(received, failing)).toEqual([])
    expect(received.map(({ reconsumeTimes }) => reconsumeTimes)).toEqual(received.map(() => 0))
  })
}

/** A dead letter as a new message for the topic it came from. */
function resent({ text, tags, keys, properties }: ReceivedLine): Planned {
  const { RETRY_TOPIC = '', number = '' } = properties
  return {
    topic: RETRY_TOPIC,
    tag: tags ?? '',
    keys: keys?.trimEnd() ?? '',
    body: Buffer.from(text ?? ''),
    properties: { number },
  }
}

function plannedMessages(topic: string): Planned[] {
  return Array.from({ length: MESSAGE_COUNT }, (_, i) => ({
    topic,
    tag: i % 3 === 0 ? FAILING : 'Fine',
    keys: `key-${i}`,
    body: Buffer.from(`消息 ${i}`),
    properties: { number: String(i) },
  }))
}

function attemptsByKey(consumer: Program): Record<string, number[]> {
  const attempts: Record<string, number[]> = {}
  for (const { keys, reconsumeTimes } of consumer.of('received') as ReceivedLine[]) {
    const key = keys?.trimEnd() ?? ''
    attempts[key] = [...(attempts[key] ?? []), reconsumeTimes]
  }
  return attempts
}

async function deadLetters(cluster: Cluster, group: string, count: number, programs: Program[]) {
  const topic = `%DLQ%${group}`
  await eventually(`${topic} is routed`, DEAD_LETTER_TIMEOUT_MS, () =>
    routed(cluster, topic).then(() => true),
  )
  return eventually(`${count} messages in ${topic}`, DEAD_LETTER_TIMEOUT_MS, async () => {
    const pull = await runJava('5.4.0', 'Pull', { nameserver: cluster.nameserver, topic })
    programs.push(pull)
    await pull.succeeded()
    const received = pull.of('received') as ReceivedLine[]
    return received.length >= count ? received : undefined
  })
}
