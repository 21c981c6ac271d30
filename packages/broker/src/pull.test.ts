import { afterEach, describe, expect, test } from '@jest/globals'
import {
  type BrokerUnderTest,
  pullMessage,
  SUBSCRIPTION,
  SUSPEND,
  startBroker,
  untilDispatched,
  untilWaiting,
  waitingPulls,
} from './broker.fixture.js'

const running: BrokerUnderTest[] = []
afterEach(async () => {
  for (const each of running.splice(0)) await each.stop()
})

async function start(config = {}): Promise<BrokerUnderTest> {
  const each = await startBroker({ config })
  running.push(each)
  return each
}

const WAITING = SUBSCRIPTION | SUSPEND

describe('pull', () => {
  test('a waiting pull is answered when a message arrives', async () => {
    const each = await start()
    await each.send({ body: 'first' })
    await untilDispatched(each, 'TopicTest', 0, 1)
    const pull = each.pull({ queueOffset: 1, sysFlag: WAITING })
    await untilWaiting(each, 1)
    await each.send({ body: 'second' })
    const { code, header, messages } = await pull
    expect(code).toBe(0)
    expect(messages.map(({ body }) => body.toString())).toEqual(['second'])
    expect(header).toMatchObject({ minOffset: 0, maxOffset: 2, nextBeginOffset: 2 })
  })

  test('a waiting pull sleeps through messages of other tags and other queues', async () => {
    const each = await start()
    await each.send({ body: 'first' })
    await untilDispatched(each, 'TopicTest', 0, 1)
    const pull = each.pull({ queueOffset: 1, sysFlag: WAITING, subscription: 'TagA' })
    await untilWaiting(each, 1)
    await each.send({ body: 'other tag', properties: { TAGS: 'TagB' } })
    await each.send({ body: 'other queue', header: { queueId: 1 }, properties: { TAGS: 'TagA' } })
    await untilDispatched(each, 'TopicTest', 0, 2)
    await untilDispatched(each, 'TopicTest', 1, 1)
    expect(await waitingPulls(each)).toBe(1)
    await each.send({ body: 'wanted', properties: { TAGS: 'TagA' } })
    expect((await pull).messages.map(({ body }) => body.toString())).toEqual(['wanted'])
  })

  test('a waiting pull is told at its deadline, not before, that there is nothing', async () => {
    const each = await start()
    await each.send({})
    await untilDispatched(each, 'TopicTest', 0, 1)
    const pull = each.pull({ queueOffset: 1, sysFlag: WAITING, suspendTimeoutMillis: 15_000 })
    await untilWaiting(each, 1)
    await each.clock.advance(14_999)
    expect(await waitingPulls(each)).toBe(1)
    await each.clock.advance(1)
    const { code, header, remark } = await pull
    expect({ code, remark }).toEqual({ code: 19, remark: 'OFFSET_OVERFLOW_ONE' })
    expect(header).toMatchObject({ minOffset: 0, maxOffset: 1, nextBeginOffset: 1 })
  })

  test('with longPollingEnable off a pull waits shortPollingTimeMills', async () => {
    const each = await start({ longPollingEnable: false })
    await each.send({})
    await untilDispatched(each, 'TopicTest', 0, 1)
    const pull = each.pull({ queueOffset: 1, sysFlag: WAITING })
    await untilWaiting(each, 1)
    await each.clock.advance(1_000)
    expect((await pull).code).toBe(19)
  })

  test('a pull that may not wait is answered at once', async () => {
    const each = await start()
    await each.send({})
    await untilDispatched(each, 'TopicTest', 0, 1)
    expect((await each.pull({ queueOffset: 1 })).code).toBe(19)
  })

  test('offsets outside the queue are moved into it', async () => {
    const each = await start()
    await each.send({})
    await untilDispatched(each, 'TopicTest', 0, 1)
    expect(await each.pull({ queueOffset: 9 })).toMatchObject({ code: 21, header: { nextBeginOffset: 1 } })
    expect(await each.pull({ queueId: 1, queueOffset: 3 })).toMatchObject({
      code: 21,
      header: { nextBeginOffset: 0 },
    })
    expect(await each.pull({ queueId: 1 })).toMatchObject({ code: 19, header: { nextBeginOffset: 0 } })
  })

  test('messages of no wanted tag let the client go on behind them', async () => {
    const each = await start()
    await each.send({ properties: { TAGS: 'TagB' } })
    await untilDispatched(each, 'TopicTest', 0, 1)
    expect(await each.pull({ subscription: 'TagA' })).toMatchObject({
      code: 20,
      header: { nextBeginOffset: 1 },
    })
  })

  test.each([
    ['a topic that does not exist', { topic: 'Missing' }, 17],
    ['a queue that does not exist', { queueId: 4 }, 29],
    ['a negative queue', { queueId: -1 }, 29],
    ['an expression that cannot be read', { subscription: '||' }, 23],
    ['an expression of another language', { expressionType: 'SQL92', subscription: 'a = 1' }, 1],
    ['a group that sent no heartbeat', { sysFlag: 0 }, 24],
  ])('%s is refused, with all four offsets', async (_, header, code) => {
    const each = await start()
    await each.send({})
    await untilDispatched(each, 'TopicTest', 0, 1)
    const refusal = await each.pull(header)
    expect(refusal.code).toBe(code)
    expect(refusal.header).toMatchObject({ nextBeginOffset: 0, minOffset: 0, maxOffset: 0 })
  })

  test('the offset a pull carries is committed before a commit that was sent behind it', async () => {
    const each = await start()
    await each.send({})
    await untilDispatched(each, 'TopicTest', 0, 1)
    const COMMIT = 1
    const pull = each.pull({ commitOffset: 3, sysFlag: SUBSCRIPTION | COMMIT })
    const header = { consumerGroup: 'cg', topic: 'TopicTest', queueId: 0 }
    await each.pull({})
    const commits = [
      each.pull({ commitOffset: 3, sysFlag: SUBSCRIPTION | COMMIT }),
      each.client.invoke(each.broker.address, 'UPDATE_CONSUMER_OFFSET', { ...header, commitOffset: 5 }),
    ]
    await Promise.all([pull, ...commits])
    const query = await each.client.invoke(each.broker.address, 'QUERY_CONSUMER_OFFSET', header)
    expect(query.header).toEqual({ offset: 5 })
  })

  test('a pull whose client goes away stops waiting', async () => {
    const each = await start()
    await each.send({})
    await untilDispatched(each, 'TopicTest', 0, 1)
    const going = each.connect()
    const pull = pullMessage(going, each.broker.address, { queueOffset: 1, sysFlag: WAITING })
    const failure = expect(pull).rejects.toMatchObject({ name: 'MqError' })
    await untilWaiting(each, 1)
    await each.clock.during(going.close())
    await failure
    await untilWaiting(each, 0)
  })

  test('stopping the broker ends waiting pulls', async () => {
    const each = await startBroker()
    await each.send({})
    await untilDispatched(each, 'TopicTest', 0, 1)
    const pull = each.pull({ queueOffset: 1, sysFlag: WAITING })
    await untilWaiting(each, 1)
    await each.clock.during(each.broker.stop())
    expect((await pull).code).toBe(19)
    await each.stop()
  })
})
