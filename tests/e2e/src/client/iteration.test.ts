import { getEventListeners } from 'node:events'
import { expect, test } from '@jest/globals'
import { LitePullConsumer } from '@rockhopper/client'
import { World } from './world.fixture.js'

const TOPIC = 'T'
const BODIES = ['0', '1', '2', '3', '4', '5']

/** A consumer of the one queue, from where its group is, and messages 0 to 5 in it. */
async function iterating(world: World): Promise<() => Promise<LitePullConsumer>> {
  const producer = await world.producer()
  for (const body of BODIES) await producer.send({ topic: TOPIC, body })
  return async () => {
    const consumer = new LitePullConsumer({
      namesrvAddr: world.namesrvAddr,
      consumerGroup: 'iterating',
      consumeFromWhere: 'CONSUME_FROM_FIRST_OFFSET',
    })
    world.atEnd(() => consumer.shutdown())
    consumer.subscribe(TOPIC)
    await consumer.start()
    return consumer
  }
}

/** Bodies until `stop`, which is looked at after each. */
async function bodiesOf(
  messages: AsyncIterable<{ readonly body: Buffer }>,
  stop: (body: string) => boolean,
): Promise<string[]> {
  const seen: string[] = []
  for await (const { body } of messages) {
    seen.push(String(body))
    if (stop(String(body))) break
  }
  return seen
}

const started = () => World.start({ topics: [{ topic: TOPIC, queues: 1 }] })

test('a loop that is left goes on where it was left, and its last message is consumed by that', async () => {
  await using world = await started()
  const consumer = await (await iterating(world))()
  expect(await bodiesOf(consumer, (body) => body === '2')).toEqual(['0', '1', '2'])
  expect(await bodiesOf(consumer, (body) => body === '5')).toEqual(['3', '4', '5'])
})

test('what a loop had at hand when it was left or failed comes again, unless commit was called', async () => {
  await using world = await started()
  const begin = await iterating(world)
  const first = await begin()
  const failing = bodiesOf(first, (body) => {
    if (body === '1') throw new Error('cannot be handled')
    return false
  })
  await expect(failing).rejects.toThrow('cannot be handled')
  await first.shutdown()
  const second = await begin()
  expect(await bodiesOf(second, (body) => body === '3')).toEqual(['1', '2', '3'])
  await second.shutdown()
  const third = await begin()
  expect(await bodiesOf(third, (body) => body === '3')).toEqual(['3'])
  await third.commit()
  await third.shutdown()
  const fourth = await begin()
  expect(await bodiesOf(fourth, (body) => body === '5')).toEqual(['4', '5'])
})

test('return ends an iterator, and the consumer can be iterated again', async () => {
  await using world = await started()
  const consumer = await (await iterating(world))()
  const iterator = consumer[Symbol.asyncIterator]()
  expect(String((await iterator.next()).value?.body)).toBe('0')
  expect(await iterator.return()).toEqual({ done: true, value: undefined })
  expect(await iterator.next()).toEqual({ done: true, value: undefined })
  expect(await bodiesOf(consumer, (body) => body === '5')).toEqual(BODIES.slice(1))
})

test('a loop ends with REQUEST_ABORTED when its signal aborts, and loses nothing by it', async () => {
  await using world = await started()
  const consumer = await (await iterating(world))()
  const abort = new AbortController()
  const seen: string[] = []
  const looping = (async () => {
    for await (const { body } of consumer.messages({ signal: abort.signal })) {
      seen.push(String(body))
      // The loop then waits for a seventh message, which does not come.
      if (seen.length === BODIES.length) setImmediate(() => abort.abort('enough'))
    }
  })()
  await expect(looping).rejects.toMatchObject({ code: 'REQUEST_ABORTED', cause: 'enough' })
  expect(seen).toEqual(BODIES)
  expect(getEventListeners(abort.signal, 'abort')).toEqual([])
  const producer = await world.producer()
  await producer.send({ topic: TOPIC, body: '6' })
  expect(await bodiesOf(consumer, () => true)).toEqual(['6'])
})

test('a loop ends without an error when its consumer shuts down', async () => {
  await using world = await started()
  const consumer = await (await iterating(world))()
  let stopping: Promise<void> | undefined
  const seen = await bodiesOf(consumer, (body) => {
    if (body === '5') stopping = consumer.shutdown()
    return false
  })
  expect(seen).toEqual(BODIES)
  await stopping
})
