import { expect } from '@jest/globals'
import { Producer, PushConsumer } from '@rockhopper/client'
import type { Cluster } from '../cluster.js'
import { eventually } from '../eventually.js'
import { mqadmin } from '../mqadmin.js'
import { routed } from '../topics.js'

const TOPIC = 'traced'
const TRACES = 'traces-of-ours'
const TRACE_TIMEOUT_MS = 60_000

/** Apache's mqadmin finds what our producer and our consumer did with a message. */
export async function traced(cluster: Cluster): Promise<void> {
  const { nameserver: namesrvAddr, broker } = cluster
  for (const topic of [TOPIC, TRACES]) {
    await mqadmin(namesrvAddr, ['updateTopic', '-b', broker.address, '-t', topic, '-r', '1', '-w', '1'])
    await routed(cluster, topic)
  }
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
    const table = await eventually('mqadmin shows the consumer in the trace', TRACE_TIMEOUT_MS, async () => {
      const text = await mqadmin(namesrvAddr, ['queryMsgTraceById', '-i', messageId, '-t', TRACES])
      return text.includes('traced-consumers') ? text : undefined
    })
    // #Type #ProducerGroup #ClientHost #SendTime #CostTimes #Status
    expect(table).toMatch(/Pub\s+traced-producers\s.*success/)
    expect(table).toMatch(/traced-consumers[\s\S]*success/)
  } finally {
    await Promise.all([producer.shutdown(), consumer.shutdown()])
  }
}
