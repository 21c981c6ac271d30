import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { Admin } from './admin.js'
import { LitePullConsumer } from './lite-pull-consumer.js'
import type { PoppedMessage } from './popped-message.js'
import { Producer } from './producer.js'
import { PullConsumer } from './pull-consumer.js'
import { env, type ScriptedServer, serverOf } from './scripted-servers.fixture.js'
import { SimpleConsumer } from './simple-consumer.js'

const QUEUE = { topic: 'T', brokerName: 'a', queueId: 0 }
const POPPED = { topic: 'T', brokerName: 'a', queueOffset: 0, receipt: '0 1 1000 0 0 a 0 0' } as PoppedMessage

type Call = (call: { readonly signal: AbortSignal }) => Promise<unknown>

describe('a call is given up when its signal says so, whatever it waits for:', () => {
  let silent: ScriptedServer
  let admin: Admin
  let puller: PullConsumer
  let popper: SimpleConsumer
  let producer: Producer

  beforeAll(async () => {
    const never = () => new Promise<never>(() => {})
    silent = await serverOf({ GET_ROUTEINFO_BY_TOPIC: never, GET_BROKER_CLUSTER_INFO: never })
    const options = { env, namesrvAddr: silent.address, consumerGroup: 'g', producerGroup: 'g' }
    admin = new Admin(options)
    puller = new PullConsumer(options)
    popper = new SimpleConsumer(options)
    producer = new Producer(options)
    await Promise.all([admin.start(), puller.start(), popper.start(), producer.start()])
  })

  afterAll(async () => {
    await Promise.all([
      admin.shutdown(),
      puller.shutdown(),
      popper.shutdown(),
      producer.shutdown({ timeoutMs: 0 }),
    ])
    await silent.stop()
  })

  const calls: readonly (readonly [string, Call])[] = [
    ['createTopic', (call) => admin.createTopic('T', call)],
    ['deleteTopic', (call) => admin.deleteTopic('T', call)],
    ['updateSubscriptionGroup', (call) => admin.updateSubscriptionGroup({ groupName: 'g' }, call)],
    ['topicRoute', (call) => admin.topicRoute('T', call)],
    ['clusterInfo', (call) => admin.clusterInfo(call)],
    ['topicStats', (call) => admin.topicStats('T', call)],
    ['consumerProgress', (call) => admin.consumerProgress('g', undefined, call)],
    ['consumerProgress of a topic', (call) => admin.consumerProgress('g', 'T', call)],
    ['resetOffsetByTime', (call) => admin.resetOffsetByTime('g', 'T', 0, call)],
    ['cloneGroupOffset', (call) => admin.cloneGroupOffset('g', 'h', call)],
    ['consumerClientIds', (call) => admin.consumerClientIds('g', call)],
    ['consumerRunningInfo', (call) => admin.consumerRunningInfo('g', 'c', call)],
    ['messageQueues', (call) => puller.messageQueues('T', call)],
    ['pull', (call) => puller.pull(QUEUE, 0, call)],
    ['minOffset', (call) => puller.minOffset(QUEUE, call)],
    ['maxOffset', (call) => puller.maxOffset(QUEUE, call)],
    ['searchOffset', (call) => puller.searchOffset(QUEUE, 0, call)],
    ['committedOffset', (call) => puller.committedOffset(QUEUE, call)],
    ['commitOffset', (call) => puller.commitOffset(QUEUE, 0, call)],
    ['receive', (call) => popper.receive('T', call)],
    ['ack', (call) => popper.ack(POPPED, call)],
    ['ackAll', (call) => popper.ackAll([POPPED], call)],
    ['changeInvisibleTime', (call) => popper.changeInvisibleTime(POPPED, 1_000, call)],
    ['deadLetter', (call) => popper.deadLetter(POPPED, call)],
    ['send', (call) => producer.send({ topic: 'T', body: '' }, call)],
    ['sendOneway', (call) => producer.sendOneway({ topic: 'T', body: '' }, call)],
    ['request', (call) => producer.request({ topic: 'T', body: '' }, call)],
  ]

  test.each(calls)('%s', async (_, call) => {
    const abort = new AbortController()
    const startedAt = performance.now()
    const waiting = call({ signal: abort.signal })
    setImmediate(() => abort.abort())
    await expect(waiting).rejects.toMatchObject({ code: 'REQUEST_ABORTED' })
    // The servers never answer, and a request ends by itself after 3 s.
    expect(performance.now() - startedAt).toBeLessThan(2_500)
  })

  test('committed, of a lite pull consumer', async () => {
    const consumer = new LitePullConsumer({ env, namesrvAddr: silent.address, consumerGroup: 'lite' })
    // Nothing is subscribed to: it starts without a route.
    await consumer.start()
    const abort = new AbortController()
    const waiting = consumer.committed(QUEUE, { signal: abort.signal })
    abort.abort()
    await expect(waiting).rejects.toMatchObject({ code: 'REQUEST_ABORTED' })
    await consumer.shutdown()
  })
})
