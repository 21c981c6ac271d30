import { expect } from '@jest/globals'
import { Producer, PushConsumer } from '@rockhopper/client'
import { runJavaFeature } from '../clients.js'
import type { Cluster } from '../cluster.js'
import { eventually } from '../eventually.js'
import { mqadmin } from '../mqadmin.js'
import { writePlan } from '../plan-file.js'
import { withPrograms } from '../program.js'
import { createTopic } from '../topics.js'

const TOPIC = 'traced'
const TRACES = 'traces-of-ours'
const TRACE_TIMEOUT_MS = 60_000

/** Apache's mqadmin finds what our producer and our consumer did with a message. */
export async function traced(cluster: Cluster): Promise<void> {
  const { nameserver: namesrvAddr } = cluster
  for (const topic of [TOPIC, TRACES]) await createTopic(cluster, topic, 1)
  const options = { namesrvAddr, enableTrace: true, traceTopic: TRACES }
  const producer = new Producer({ ...options, producerGroup: 'traced-producers' })
  const consumer = new PushConsumer({
    ...options,
    consumerGroup: 'traced-consumers',
    consumeFromWhere: 'CONSUME_FROM_FIRST_OFFSET',
  })
  try {
    await producer.start()
    const { messageId } = await producer.send({
      topic: TOPIC,
      tag: 'TagT',
      keys: ['key-t'],
      body: 'trace me',
    })
    consumer.subscribe(TOPIC)
    const consumed = new Promise<void>((resolve, reject) => {
      consumer.start(() => resolve()).catch(reject)
    })
    await consumed
    const table = await traceWith(cluster, 'traced-consumers', messageId, TRACES)
    // #Type #ProducerGroup #ClientHost #SendTime #CostTimes #Status
    expect(table).toMatch(/Pub\s+traced-producers\s.*success/)
    expect(table).toMatch(/traced-consumers[\s\S]*success/)
  } finally {
    await Promise.all([producer.shutdown(), consumer.shutdown()])
  }
}

/** And what a Java producer and a Java consumer did, at either broker. */
export async function tracedByJava(cluster: Cluster): Promise<void> {
  const { nameserver } = cluster
  const [topic, traceTopic] = ['traced-by-java', 'traces-of-java']
  for (const each of [topic, traceTopic]) await createTopic(cluster, each, 1)
  await withPrograms(async (programs) => {
    const plan = writePlan([{ topic, tag: 'TagT', keys: 'key-t', body: Buffer.from('trace me') }])
    const group = 'traced-java-producers'
    const program = await runJavaFeature('Special', { nameserver, group, plan, 'trace-topic': traceTopic })
    programs.push(program)
    await program.succeeded()
    const messageId = String(program.of('sent')[0]?.['msgId'])
    const consumers = 'traced-java-consumers'
    const options = { nameserver, topic, group: consumers, 'trace-topic': traceTopic }
    const consumer = await runJavaFeature('Listen', options)
    programs.push(consumer)
    await consumer.until(({ msgId }) => msgId === messageId)
    const table = await traceWith(cluster, consumers, messageId, traceTopic)
    expect(table).toMatch(/Pub\s+traced-java-producers\s.*success/)
    expect(table).toMatch(/traced-java-consumers[\s\S]*success/)
  })
}

function traceWith({ nameserver }: Cluster, group: string, messageId: string, traceTopic: string) {
  return eventually(`mqadmin shows ${group} in the trace`, TRACE_TIMEOUT_MS, async () => {
    const text = await mqadmin(nameserver, ['queryMsgTraceById', '-i', messageId, '-t', traceTopic])
    return text.includes(group) ? text : undefined
  })
}
