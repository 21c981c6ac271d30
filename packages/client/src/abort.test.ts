import { getEventListeners } from 'node:events'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { encodeRecallHandle, offsetMessageId } from '@rockhopper/message'
import { ok, ResponseCode, refuse } from '@rockhopper/remoting'
import { Admin } from './admin.js'
import { LitePullConsumer } from './lite-pull-consumer.js'
import type { PoppedMessage } from './popped-message.js'
import { Producer } from './producer.js'
import { PullConsumer } from './pull-consumer.js'
import { PushConsumer } from './push-consumer.js'
import { env, nameServerOf, type ScriptedServer, serverOf } from './scripted-servers.fixture.js'
import { SimpleConsumer } from './simple-consumer.js'
import type { TransactionListener } from './transaction-listener.js'
import { TransactionProducer } from './transaction-producer.js'

const QUEUE = { topic: 'T', brokerName: 'a', queueId: 0 }
const POPPED = { topic: 'T', brokerName: 'a', queueOffset: 0, receipt: '0 1 1000 0 0 a 0 0' } as PoppedMessage
const HANDLE = encodeRecallHandle({
  topic: 'T',
  brokerName: 'a',
  timestamp: '1',
  messageId: 'm',
})
const LISTENER: TransactionListener = {
  executeLocalTransaction: async () => 'COMMIT_MESSAGE',
  checkLocalTransaction: async () => 'UNKNOW',
}
const MESSAGE = { topic: 'T', body: '' }

type Wait = (call: { readonly signal: AbortSignal }, clients: Clients) => Promise<unknown>

/** What waits for nothing, or for no longer than its own `timeoutMs`, and takes no signal. */
const OWN_END = new Set(['shutdown'])
/** Starts that open nothing: there is nothing to wait for. */
const AT_ONCE = ['Admin.start', 'Producer.start', 'PullConsumer.start', 'SimpleConsumer.start']
const SYNCHRONOUS = [
  ...['LitePullConsumer.subscribe', 'LitePullConsumer.unsubscribe', 'LitePullConsumer.assign'],
  ...['LitePullConsumer.assignment', 'LitePullConsumer.pause', 'LitePullConsumer.resume'],
  ...['PushConsumer.subscribe', 'PushConsumer.unsubscribe', 'PushConsumer.sinceLastPoll'],
  ...['PushConsumer.suspend', 'PushConsumer.resume'],
]

const WAITS: Readonly<Record<string, Wait>> = {
  'Admin.createTopic': (call, { admin }) => admin.createTopic('T', call),
  'Admin.deleteTopic': (call, { admin }) => admin.deleteTopic('T', call),
  'Admin.updateSubscriptionGroup': (call, { admin }) =>
    admin.updateSubscriptionGroup({ groupName: 'g' }, call),
  'Admin.topicConfigs': (call, { admin }) => admin.topicConfigs('T', call),
  'Admin.subscriptionGroup': (call, { admin }) => admin.subscriptionGroup('g', call),
  'Admin.subscriptionGroups': (call, { admin }) => admin.subscriptionGroups(call),
  'Admin.topicRoute': (call, { admin }) => admin.topicRoute('T', call),
  'Admin.clusterInfo': (call, { admin }) => admin.clusterInfo(call),
  'Admin.topicList': (call, { admin }) => admin.topicList(call),
  'Admin.topicStats': (call, { admin }) => admin.topicStats('T', call),
  'Admin.consumerProgress': (call, { admin }) => admin.consumerProgress('g', undefined, call),
  'Admin.consumerProgress of a topic': (call, { admin }) => admin.consumerProgress('g', 'T', call),
  'Admin.queryMessages': (call, { admin }) => admin.queryMessages('T', 'key', call),
  'Admin.viewMessage': (call, { admin, offsetId }) => admin.viewMessage(offsetId, call),
  'Admin.resetOffsetByTime': (call, { admin }) => admin.resetOffsetByTime('g', 'T', 0, call),
  'Admin.cloneGroupOffset': (call, { admin }) => admin.cloneGroupOffset('g', 'h', call),
  'Admin.consumerClientIds': (call, { admin }) => admin.consumerClientIds('g', call),
  'Admin.messageModel': (call, { admin }) => admin.messageModel('g', call),
  'Admin.consumerRunningInfo': (call, { admin }) => admin.consumerRunningInfo('g', 'c', call),
  'Admin.consumeMessageDirectly': (call, { admin, offsetId }) =>
    admin.consumeMessageDirectly('g', 'c', offsetId, call),
  'PullConsumer.messageQueues': (call, { puller }) => puller.messageQueues('T', call),
  'PullConsumer.pull': (call, { puller }) => puller.pull(QUEUE, 0, call),
  'PullConsumer.minOffset': (call, { puller }) => puller.minOffset(QUEUE, call),
  'PullConsumer.maxOffset': (call, { puller }) => puller.maxOffset(QUEUE, call),
  'PullConsumer.searchOffset': (call, { puller }) => puller.searchOffset(QUEUE, 0, call),
  'PullConsumer.committedOffset': (call, { puller }) => puller.committedOffset(QUEUE, call),
  'PullConsumer.commitOffset': (call, { puller }) => puller.commitOffset(QUEUE, 0, call),
  'SimpleConsumer.receive': (call, { popper }) => popper.receive('T', call),
  'SimpleConsumer.ack': (call, { popper }) => popper.ack(POPPED, call),
  'SimpleConsumer.ackAll': (call, { popper }) => popper.ackAll([POPPED], call),
  'SimpleConsumer.changeInvisibleTime': (call, { popper }) => popper.changeInvisibleTime(POPPED, 1_000, call),
  'SimpleConsumer.deadLetter': (call, { popper }) => popper.deadLetter(POPPED, call),
  'Producer.send': (call, { producer }) => producer.send(MESSAGE, call),
  'Producer.send of a batch': (call, { producer }) => producer.send([MESSAGE, MESSAGE], call),
  'Producer.sendOneway': (call, { producer }) => producer.sendOneway(MESSAGE, call),
  'Producer.recallMessage': (call, { producer }) => producer.recallMessage('T', HANDLE, call),
  'Producer.request': (call, { producer }) => producer.request(MESSAGE, call),
  'TransactionProducer.start': ({ signal }, { made, options }) =>
    made(new TransactionProducer({ ...options, listener: LISTENER })).start({ topics: ['T'], signal }),
  'TransactionProducer.greet': (call, { transactions }) => transactions.greet(['T'], call),
  'TransactionProducer.sendMessageInTransaction': (call, { transactions }) =>
    transactions.sendMessageInTransaction(MESSAGE, undefined, call),
  'PushConsumer.start': (call, { made, options }) => {
    const consumer = made(new PushConsumer(options))
    consumer.subscribe('T')
    return consumer.start(async () => {}, call)
  },
  'PushConsumer.ready': (call, { pusher }) => pusher.ready(call),
  'LitePullConsumer.start': (call, { made, options }) => {
    const consumer = made(new LitePullConsumer(options))
    consumer.subscribe('T')
    return consumer.start(call)
  },
  'LitePullConsumer.ready': (call, { lite }) => lite.ready(call),
  'LitePullConsumer.poll': (call, { lite }) => lite.poll({ ...call, timeoutMs: 60_000 }),
  'LitePullConsumer.messages': (call, { lite }) => lite.messages(call).next(),
  'LitePullConsumer.commit': (call, { lite }) => lite.commit(call),
  'LitePullConsumer.committed': (call, { lite }) => lite.committed(QUEUE, call),
  'LitePullConsumer.seek': (call, { lite }) => lite.seek(QUEUE, 0, call),
  'LitePullConsumer.seekToBegin': (call, { lite }) => lite.seekToBegin(QUEUE, call),
  'LitePullConsumer.seekToEnd': (call, { lite }) => lite.seekToEnd(QUEUE, call),
  'LitePullConsumer.offsetForTimestamp': (call, { lite }) => lite.offsetForTimestamp(QUEUE, 0, call),
  'LitePullConsumer.messageQueues': (call, { lite }) => lite.messageQueues('T', call),
}

/** They end by themselves as soon as an interval's job has run; see `lite-pull-consumer.test.ts`. */
const SOON = ['LitePullConsumer.commit', 'LitePullConsumer.seek']

type Clients = Awaited<ReturnType<typeof clientsOf>>

async function clientsOf(silent: ScriptedServer) {
  const options = {
    ...{ env, namesrvAddr: silent.address, consumerGroup: 'g', producerGroup: 'g' },
    // Longer than a test may take: nothing ends by itself.
    ...{ requestTimeoutMs: 60_000, sendMsgTimeoutMs: 60_000 },
  }
  const [host = '', port] = silent.address.split(':')
  const ends: (() => Promise<void>)[] = []
  const made = <T extends { shutdown(options: { readonly timeoutMs: number }): Promise<void> }>(
    client: T,
  ) => {
    ends.push(() => client.shutdown({ timeoutMs: 0 }))
    return client
  }
  // Started without a topic, they start without a route; the one they want then never gets queues.
  const pusher = new PushConsumer({ ...options, consumerGroup: 'pushing' })
  const lite = new LitePullConsumer({ ...options, consumerGroup: 'lite' })
  const clients = {
    options,
    offsetId: offsetMessageId({ address: host, port: Number(port) }, 0),
    admin: made(new Admin(options)),
    puller: made(new PullConsumer(options)),
    popper: made(new SimpleConsumer(options)),
    producer: made(new Producer(options)),
    transactions: made(new TransactionProducer({ ...options, producerGroup: 'h', listener: LISTENER })),
    pusher: made(pusher),
    lite: made(lite),
    made,
    shutdown: () => Promise.all(ends.map((end) => end())),
  }
  const { admin, popper, producer, puller, transactions } = clients
  for (const each of [admin, puller, popper, producer, transactions, lite]) await each.start()
  await pusher.start(async () => {})
  pusher.subscribe('T')
  lite.subscribe('T')
  return clients
}

describe('a call is given up when its signal says so, whatever it waits for:', () => {
  let silent: ScriptedServer
  let clients: Clients
  let release = () => {}

  beforeAll(async () => {
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const never = async () => {
      await held
      return refuse(ResponseCode.SYSTEM_ERROR, 'at last')
    }
    silent = await serverOf({
      GET_ROUTEINFO_BY_TOPIC: ({ topic }) =>
        topic === 'T' ? never() : refuse(ResponseCode.TOPIC_NOT_EXIST, 'none'),
      GET_BROKER_CLUSTER_INFO: never,
      GET_ALL_TOPIC_LIST_FROM_NAMESERVER: never,
      VIEW_MESSAGE_BY_ID: never,
      CONSUME_MESSAGE_DIRECTLY: never,
    })
    clients = await clientsOf(silent)
  })

  afterAll(async () => {
    release()
    await clients.shutdown()
    await silent.stop()
  })

  test.each(Object.entries(WAITS).filter(([name]) => !SOON.includes(name)))('%s', async (_, wait) => {
    const abort = new AbortController()
    const waiting = wait({ signal: abort.signal }, clients)
    setImmediate(() => abort.abort('enough'))
    await expect(waiting).rejects.toMatchObject({ code: 'REQUEST_ABORTED', cause: 'enough' })
    expect(getEventListeners(abort.signal, 'abort')).toEqual([])
  })

  test.each(Object.entries(WAITS))('%s, aborted before it began', async (_, wait) => {
    const call = { signal: AbortSignal.abort('no') }
    await expect(wait(call, clients)).rejects.toMatchObject({ code: 'REQUEST_ABORTED' })
    expect(getEventListeners(call.signal, 'abort')).toEqual([])
  })

  // R25
  test('every public method is one of these, synchronous, or bounded by itself', () => {
    const waits = Object.keys(WAITS).map((name) => name.split(' ')[0])
    const known = new Set([...waits, ...SYNCHRONOUS, ...AT_ONCE])
    const classes = [
      ...[Admin, Producer, TransactionProducer, PullConsumer, SimpleConsumer, PushConsumer],
      LitePullConsumer,
    ]
    const methods = classes.flatMap(({ name, prototype }) =>
      Object.entries(Object.getOwnPropertyDescriptors(prototype))
        .filter(([method, { value }]) => typeof value === 'function' && method !== 'constructor')
        .filter(([method]) => !OWN_END.has(method))
        .map(([method]) => `${name}.${method}`),
    )
    expect(methods.filter((method) => !known.has(method))).toEqual([])
    expect([...known].filter((method) => !methods.includes(method ?? ''))).toEqual([])
  })
})

test('a one-way send that is given up is not sent', async () => {
  const bodies: string[] = []
  const broker = await serverOf({
    HEART_BEAT: () => ok(),
    UNREGISTER_CLIENT: () => ok(),
    SEND_MESSAGE_V2: (_, { body }) => {
      bodies.push(String(body))
      return ok({ msgId: 'x', queueId: 0, queueOffset: 0 })
    },
  })
  const names = await nameServerOf(new Map([['T', [{ name: 'a', address: broker.address, queues: 1 }]]]))
  const producer = new Producer({ env, namesrvAddr: names.address, producerGroup: 'g' })
  await producer.start()
  await producer.send({ topic: 'T', body: 'first' })
  const signal = AbortSignal.abort()
  const given = producer.sendOneway({ topic: 'T', body: 'given up' }, { signal })
  await expect(given).rejects.toMatchObject({ code: 'REQUEST_ABORTED' })
  await producer.send({ topic: 'T', body: 'last' })
  expect(bodies).toEqual(['first', 'last'])
  await producer.shutdown()
  await Promise.all([broker.stop(), names.stop()])
})
