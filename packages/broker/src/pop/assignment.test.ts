import { afterEach, describe, expect, test } from '@jest/globals'
import {
  QueryAssignmentRequestBody,
  QueryAssignmentResponseBody,
  SetMessageRequestModeRequestBody,
} from '@rockhopper/remoting'
import { type BrokerUnderTest, consumerData, heartbeat } from '../broker.fixture.js'
import { GROUP, pop, sendAll, startPopBroker, TOPIC } from './pop.fixture.js'

const running: BrokerUnderTest[] = []
afterEach(async () => {
  for (const each of running.splice(0)) await each.stop()
})

async function start(queues = 4): Promise<BrokerUnderTest> {
  const each = await startPopBroker({}, queues)
  running.push(each)
  return each
}

async function join(each: BrokerUnderTest, ...clientIds: string[]): Promise<void> {
  for (const clientID of clientIds) {
    const data = { clientID, consumerDataSet: [consumerData(GROUP, TOPIC)] }
    await heartbeat(each.connect(), each.broker.address, data)
  }
}

async function setMode(each: BrokerUnderTest, mode: 'PULL' | 'POP', popShareQueueNum = 0) {
  const body = SetMessageRequestModeRequestBody.encode({
    topic: TOPIC,
    consumerGroup: GROUP,
    mode,
    popShareQueueNum,
  })
  return each.client.invoke(each.broker.address, 'SET_MESSAGE_REQUEST_MODE', {}, body)
}

async function assigned(each: BrokerUnderTest, clientId: string): Promise<string[]> {
  const body = QueryAssignmentRequestBody.encode({
    topic: TOPIC,
    consumerGroup: GROUP,
    clientId,
    strategyName: 'AVG',
    messageModel: 'CLUSTERING',
  })
  const answer = await each.client.invoke(each.broker.address, 'QUERY_ASSIGNMENT', {}, body)
  expect(answer.code).toBe(0)
  const { messageQueueAssignments } = QueryAssignmentResponseBody.decode(answer.body)
  return messageQueueAssignments.map(({ messageQueue, mode }) => `${mode} ${messageQueue?.queueId}`).sort()
}

describe('an assignment', () => {
  test('shares the queues out, each to one client, while the group pulls', async () => {
    const each = await start()
    await join(each, 'one', 'two')
    expect(await assigned(each, 'one')).toEqual(['PULL 0', 'PULL 1'])
    expect(await assigned(each, 'two')).toEqual(['PULL 2', 'PULL 3'])
    expect(await assigned(each, 'stranger')).toEqual([])
  })

  test('gives every client all queues of the broker once the group pops', async () => {
    const each = await start()
    await join(each, 'one', 'two')
    expect((await setMode(each, 'POP')).code).toBe(0)
    expect(await assigned(each, 'one')).toEqual(['POP -1'])
    expect(await assigned(each, 'two')).toEqual(['POP -1'])
    expect((await setMode(each, 'PULL')).code).toBe(0)
    expect(await assigned(each, 'two')).toEqual(['PULL 2', 'PULL 3'])
  })

  test('gives a queue to as many clients more as the mode says', async () => {
    const each = await start()
    await join(each, 'one', 'two', 'three', 'four')
    await setMode(each, 'POP', 1)
    const all = await Promise.all(['one', 'two', 'three', 'four'].map((id) => assigned(each, id)))
    const shares = new Map<string, number>()
    for (const queue of all.flat()) shares.set(queue, (shares.get(queue) ?? 0) + 1)
    expect([...shares].sort()).toEqual([
      ['POP 0', 2],
      ['POP 1', 2],
      ['POP 2', 2],
      ['POP 3', 2],
    ])
  })

  test('keeps its mode over a restart, and retry topics cannot be given one', async () => {
    const first = await startPopBroker()
    await setMode(first, 'POP')
    await first.stop({ keepStore: true })
    const each = await startPopBroker({ storeDir: first.storeDir })
    running.push(each)
    await join(each, 'one')
    expect(await assigned(each, 'one')).toEqual(['POP -1'])
    const retry = {
      topic: `%RETRY%${GROUP}`,
      consumerGroup: GROUP,
      mode: 'POP',
      popShareQueueNum: 0,
    } as const
    const body = SetMessageRequestModeRequestBody.encode(retry)
    const refused = await each.client.invoke(each.broker.address, 'SET_MESSAGE_REQUEST_MODE', {}, body)
    expect(refused.code).toBe(16)
  })
})

describe('a client that asks whether there is something to pop', () => {
  const header = { consumerGroup: GROUP, topic: TOPIC, queueId: -1, bornTime: 0 }

  test('is told at once when there is, else when it comes or its time is over', async () => {
    const each = await start()
    const ask = (pollTime: number) =>
      each.client.invoke(each.broker.address, 'NOTIFICATION', { ...header, pollTime })
    const waiting = ask(20_000)
    await each.clock.advance(19_000)
    await sendAll(each, ['a'])
    expect((await waiting).header).toMatchObject({ hasMsg: true })
    expect((await ask(20_000)).header).toMatchObject({ hasMsg: true })
    await pop(each)
    expect((await each.clock.during(ask(1_000))).header).toMatchObject({ hasMsg: false, pollingFull: false })
  })

  test('learns how many pops wait', async () => {
    const each = await start()
    const polling = async () => {
      const asked = { consumerGroup: GROUP, topic: TOPIC, queueId: -1 }
      return (await each.client.invoke(each.broker.address, 'POLLING_INFO', asked)).header.pollingNum
    }
    expect(await polling()).toBe(0)
    const waiting = [pop(each, { pollTime: 5_000 }), pop(each, { pollTime: 5_000 })]
    await each.clock.advance(1_000)
    expect(await polling()).toBe(2)
    await each.clock.advance(4_000)
    for (const { code } of await Promise.all(waiting)) expect(code).toBe(210)
    expect(await polling()).toBe(0)
  })
})
