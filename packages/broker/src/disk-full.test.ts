import { afterEach, expect, test } from '@jest/globals'
import { ConsumerIdList } from '@rockhopper/remoting'
import { FaultDisk } from '@rockhopper/sim'
import {
  type BrokerUnderTest,
  consumerData,
  heartbeat,
  SUBSCRIPTION,
  SUSPEND,
  startBroker,
  untilDispatched,
  untilWaiting,
} from './broker.fixture.js'

const running: BrokerUnderTest[] = []
afterEach(async () => {
  for (const each of running.splice(0)) await each.stop()
})

/** A broker whose disk takes no new file of state, and whose log still has room. */
async function start() {
  let disk: FaultDisk | undefined
  const each = await startBroker({
    disk: (inner, clock) => {
      disk = new FaultDisk(inner, { clock })
      return disk
    },
  })
  running.push(each)
  const faults = disk as FaultDisk
  const refuse = (code: string) => {
    faults.fault = ({ kind, path }) => (kind === 'write' && path.includes('/config/') ? { code } : undefined)
  }
  const free = () => {
    faults.fault = () => undefined
  }
  return { each, refuse, free, faults }
}

test('a send to a new topic is answered 14 disk full, known topics go on, and space ends it', async () => {
  const { each, refuse, free } = await start()
  expect((await each.send({ topic: 'Known' })).code).toBe(0)
  refuse('ENOSPC')
  const refused = await each.send({ topic: 'New' })
  expect(refused).toMatchObject({
    code: 14,
    remark: expect.stringMatching(/^disk full: saving topics\.json/),
  })
  expect((await each.send({ topic: 'Known' })).code).toBe(0)
  free()
  expect((await each.send({ topic: 'New' })).code).toBe(0)
})

test('a pull of a new group is answered 14, reads and commits of known ones go on', async () => {
  const { each, refuse } = await start()
  await each.send({})
  await untilDispatched(each, 'TopicTest', 0, 1)
  expect((await each.pull({ consumerGroup: 'known' })).messages.length).toBe(1)
  refuse('EDQUOT')
  expect(await each.pull({ consumerGroup: 'new' })).toMatchObject({ code: 14 })
  expect((await each.pull({ consumerGroup: 'known' })).messages.length).toBe(1)
  const commit = { consumerGroup: 'known', topic: 'TopicTest', queueId: 0, commitOffset: 1 }
  expect((await each.client.invoke(each.broker.address, 'UPDATE_CONSUMER_OFFSET', commit)).code).toBe(0)
})

test('a heartbeat with a new group is refused, and its known groups were heard', async () => {
  const { each, refuse, free } = await start()
  const { address } = each.broker
  await heartbeat(each.client, address, {
    clientID: 'a',
    consumerDataSet: [consumerData('known', 'TopicTest')],
  })
  refuse('ENOSPC')
  const other = each.connect()
  const both = {
    clientID: 'b',
    consumerDataSet: [consumerData('new', 'TopicTest'), consumerData('known', 'TopicTest')],
  }
  expect((await heartbeat(other, address, both)).code).toBe(14)
  const members = await each.client.invoke(address, 'GET_CONSUMER_LIST_BY_GROUP', { consumerGroup: 'known' })
  expect(ConsumerIdList.decode(members.body).consumerIdList.toSorted()).toEqual(['a', 'b'])
  free()
  expect((await heartbeat(other, address, both)).code).toBe(0)
})

test('1,500 new groups in one heartbeat are a handful of writes', async () => {
  const { each, faults } = await start()
  const consumers = Array.from({ length: 1_500 }, (_, i) => consumerData(`group-${i}`, 'TopicTest'))
  let renames = 0
  faults.fault = ({ kind }) => {
    if (kind === 'rename') renames++
    return undefined
  }
  expect(
    (await heartbeat(each.client, each.broker.address, { clientID: 'a', consumerDataSet: consumers })).code,
  ).toBe(0)
  expect(renames).toBeLessThan(10)
})

test('a pull of a failed store waits for what may not be shown', async () => {
  const { each, faults } = await start()
  await each.send({ body: 'first' })
  await untilDispatched(each, 'TopicTest', 0, 1)
  faults.fault = ({ kind, path }) =>
    kind === 'sync' && path.includes('/commitlog/') ? { code: 'EIO' } : undefined
  await each.send({ body: 'never durable' })
  await untilDispatched(each, 'TopicTest', 0, 2)
  while ((await each.send({ body: 'refused' })).code === 0) await each.clock.advance(600)
  const sysFlag = SUBSCRIPTION | SUSPEND
  const pull = each.pull({ queueOffset: 1, sysFlag, suspendTimeoutMillis: 15_000 })
  await untilWaiting(each, 1)
  await each.clock.advance(15_000)
  expect(await pull).toMatchObject({ code: 19, messages: [] })
})
