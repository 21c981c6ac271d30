import { describe, expect, test } from '@jest/globals'
import type { Clock } from '@rockhopper/env'
import type { TopicConfig } from '@rockhopper/remoting'
import { clusterInfo, systemTopics, topicRoute, topicsOfCluster } from './route-queries.js'
import { type BrokerRegistration, RouteTable } from './route-table.js'

let now = 0
const clock: Clock = {
  now: () => 0,
  monotonic: () => now,
  after: () => () => undefined,
  endOfTurn: () => undefined,
}

function topic(topicName: string, queueNums = 4, perm = 6): TopicConfig {
  return {
    attributes: new Map(),
    order: false,
    perm,
    readQueueNums: queueNums,
    topicFilterType: 'SINGLE_TAG',
    topicName,
    topicSysFlag: 0,
    writeQueueNums: queueNums,
  }
}

function broker(
  change: Partial<BrokerRegistration> = {},
  topics = ['T', 'U'],
  counter = 1,
): BrokerRegistration {
  return {
    clusterName: 'c',
    brokerName: 'broker-a',
    brokerId: 0,
    brokerAddr: '127.0.0.1:10911',
    haServerAddr: '127.0.0.1:10912',
    enableActingMaster: false,
    heartbeatTimeoutMs: undefined,
    zoneName: undefined,
    dataVersion: { counter, stateVersion: 0, timestamp: 0 },
    topicConfigs: new Map(topics.map((name) => [name, topic(name)])),
    ...change,
  }
}

const open = () => ({ closed: false })
const plain = { supportActingMaster: false }
const addresses = (table: RouteTable, name: string, options: { supportActingMaster: boolean } = plain) =>
  topicRoute(table, name, options)?.brokerDatas.map(({ brokerAddrs }) => [...brokerAddrs])

describe('registration', () => {
  test('makes routes; a change of the data version changes them', () => {
    const table = new RouteTable(clock)
    const channel = open()
    expect(table.register(broker(), channel)).toMatchObject({ kind: 'registered' })
    expect(addresses(table, 'T')).toEqual([[[0, '127.0.0.1:10911']]])
    const changed = new Map([['T', topic('T', 8)]])
    table.register(broker({ topicConfigs: changed }), channel)
    expect(table.topics.get('T')?.get('broker-a')?.readQueueNums).toBe(4)
    table.register(broker({ topicConfigs: changed }, [], 2), channel)
    expect(table.topics.get('T')?.get('broker-a')?.readQueueNums).toBe(8)
    // Topics that a registration leaves out stay.
    expect(table.topics.has('U')).toBe(true)
  })

  test('a topic that is new under the same version is taken', () => {
    const table = new RouteTable(clock)
    const channel = open()
    table.register(broker(), channel)
    table.register(broker({}, ['T', 'U', 'V']), channel)
    expect(table.topics.has('V')).toBe(true)
  })

  test('a first one with one topic is refused and leaves nothing; a later one is an increment', () => {
    const table = new RouteTable(clock)
    const channel = open()
    expect(table.register(broker({}, ['T']), channel)).toMatchObject({ kind: 'refused' })
    expect(table.groups.size + table.topics.size).toBe(0)
    table.register(broker(), channel)
    expect(table.register(broker({}, ['V'], 2), channel)).toMatchObject({ kind: 'registered' })
    expect([...table.topics.keys()]).toEqual(['T', 'U', 'V'])
  })

  test('a slave that becomes master leaves its old id', () => {
    const table = new RouteTable(clock)
    const channel = open()
    // Brokers before 5.0 leave enableActingMaster out: their slaves never bring topics.
    table.register(broker({ brokerId: 1, enableActingMaster: undefined }), channel)
    expect(table.topics.size).toBe(0)
    table.register(broker({ brokerId: 0 }), channel)
    expect([...(table.groups.get('broker-a')?.addresses ?? [])]).toEqual([[0, '127.0.0.1:10911']])
    expect(table.topics.size).toBe(2)
  })

  test('a slave is told of its master', () => {
    const table = new RouteTable(clock)
    table.register(broker(), open())
    const slave = broker({ brokerId: 1, brokerAddr: '127.0.0.1:20911' })
    const told = { masterAddr: '127.0.0.1:10911', haServerAddr: '127.0.0.1:10912' }
    expect(table.register(slave, open())).toMatchObject(told)
  })

  test('the same name and id twice: the second waits until the first is gone, or knows less', () => {
    const table = new RouteTable(clock)
    const first = { closed: false }
    const second = (counter: number) => broker({ brokerAddr: '127.0.0.1:20911' }, ['T', 'U'], counter)
    table.register(broker({}, ['T', 'U'], 5), first)
    expect(table.register(second(4), open())).toMatchObject({ kind: 'refused' })
    expect(table.register(second(5), open())).toMatchObject({ kind: 'refused' })
    expect(addresses(table, 'T')).toEqual([[[0, '127.0.0.1:10911']]])
    expect(table.register(second(6), open())).toMatchObject({ kind: 'registered' })
    expect(addresses(table, 'T')).toEqual([[[0, '127.0.0.1:20911']]])
    // The place is taken by one that knows more: the old one does not come back on its open connection.
    expect(table.register(broker({}, ['T', 'U'], 5), first)).toMatchObject({ kind: 'refused' })
  })

  test('a restart on another port registers once the old connection is closed', () => {
    const table = new RouteTable(clock)
    const first = { closed: false }
    table.register(broker({}, ['T', 'U'], 5), first)
    first.closed = true
    expect(table.register(broker({ brokerAddr: '127.0.0.1:20911' }), open())).toMatchObject({
      kind: 'registered',
    })
    expect(addresses(table, 'T')).toEqual([[[0, '127.0.0.1:20911']]])
  })

  test('an older state version never comes in place of a newer one', () => {
    const table = new RouteTable(clock)
    const first = { closed: true }
    table.register(broker({ dataVersion: { counter: 1, stateVersion: 2, timestamp: 0 } }), first)
    const older = { counter: 9, stateVersion: 1, timestamp: 9 }
    const second = broker({ brokerAddr: '127.0.0.1:20911', dataVersion: older })
    expect(table.register(second, open())).toMatchObject({ kind: 'refused' })
  })

  test('with deleteTopicWithBrokerRegistration what is left out goes', () => {
    const table = new RouteTable(clock, { dropMissingTopics: true })
    table.register(broker(), open())
    table.register(broker({}, ['T'], 2), open())
    expect([...table.topics.keys()]).toEqual(['T'])
  })
})

describe('liveness', () => {
  test('ends after 120 s of silence, or after what the broker said', () => {
    now = 0
    const table = new RouteTable(clock)
    const patient = broker({ brokerName: 'b', brokerAddr: 'x:1' })
    const short = broker({ brokerName: 's', brokerAddr: 'x:2', heartbeatTimeoutMs: 10_000 })
    for (const each of [patient, short]) table.register(each, open())
    now = 10_000
    expect(table.expire()).toEqual([])
    now = 10_001
    expect(table.expire().map(({ identity }) => identity.brokerName)).toEqual(['s'])
    now = 100_000
    expect(table.touch(patient)).toBe(true)
    expect(table.touch(short)).toBe(false)
    now = 220_000
    expect(table.expire()).toEqual([])
    now = 220_001
    expect(table.expire()).toHaveLength(1)
    expect(table.topics.size + table.groups.size).toBe(0)
  })

  test('ends with the connection the broker registered on last, not with an older one', () => {
    const table = new RouteTable(clock)
    const [first, second] = [open(), open()]
    table.register(broker(), first)
    table.register(broker(), second)
    expect(table.channelClosed(first)).toEqual([])
    expect(table.channelClosed(second)).toHaveLength(1)
    expect(addresses(table, 'T')).toBeUndefined()
  })

  test('of one member of a group leaves the others', () => {
    const table = new RouteTable(clock)
    const slaveChannel = open()
    table.register(broker(), open())
    table.register(broker({ brokerId: 1, brokerAddr: '127.0.0.1:20911' }), slaveChannel)
    table.channelClosed(slaveChannel)
    expect(addresses(table, 'T')).toEqual([[[0, '127.0.0.1:10911']]])
  })
})

describe('queries', () => {
  test('a slave acts as read-only master when the group and the name server allow it', () => {
    const table = new RouteTable(clock)
    const masterChannel = open()
    table.register(broker({ enableActingMaster: true }), masterChannel)
    table.register(broker({ brokerId: 1, brokerAddr: 's:1', enableActingMaster: true }), open())
    table.channelClosed(masterChannel)
    expect(topicRoute(table, 'T', plain)?.queueDatas[0]?.perm).toBe(4)
    expect(addresses(table, 'T')).toEqual([[[1, 's:1']]])
    expect(addresses(table, 'T', { supportActingMaster: true })).toEqual([[[0, 's:1']]])
  })

  test('write permission is taken and given back for all topics of a broker', () => {
    const table = new RouteTable(clock)
    table.register(broker(), open())
    expect(table.setWritable('broker-a', false)).toBe(2)
    expect(table.topics.get('T')?.get('broker-a')?.perm).toBe(4)
    expect(table.setWritable('broker-a', true)).toBe(2)
    expect(table.topics.get('T')?.get('broker-a')?.perm).toBe(6)
    expect(table.setWritable('nobody', true)).toBe(0)
  })

  test('clusters, their topics and the zone of a client', () => {
    const table = new RouteTable(clock)
    table.register(broker({ zoneName: 'east' }), open())
    table.register(
      broker({ brokerName: 'b', clusterName: 'd', brokerAddr: 'x:2', zoneName: 'west' }, ['T', 'V']),
      open(),
    )
    expect([...clusterInfo(table).clusterAddrTable]).toEqual([
      ['c', ['broker-a']],
      ['d', ['b']],
    ])
    expect(topicsOfCluster(table, 'd')).toEqual(['T', 'V'])
    expect(systemTopics(table)).toEqual({
      topicList: ['c', 'broker-a', 'd', 'b'],
      brokerAddr: '127.0.0.1:10911',
    })
    const inWest = topicRoute(table, 'T', { ...plain, zoneName: 'west' })
    expect(inWest?.queueDatas.map(({ brokerName }) => brokerName)).toEqual(['b'])
    expect(topicRoute(table, 'V', { ...plain, zoneName: 'EAST' })?.queueDatas).toEqual([])
    expect(topicRoute(table, 'X', { ...plain, zoneName: 'EAST' })).toBeUndefined()
    table.register(broker({ brokerName: 'nowhere', brokerAddr: 'x:3', zoneName: undefined }), open())
    table.register(broker({ brokerName: 'slave', brokerAddr: 'x:4', brokerId: 1, zoneName: 'west' }), open())
    const inEast = topicRoute(table, 'T', { ...plain, zoneName: 'EAST' })
    expect(inEast?.queueDatas.map(({ brokerName }) => brokerName)).toEqual(['broker-a', 'slave'])
    expect(topicRoute(table, 'T', { ...plain, zoneName: ' ' })?.queueDatas).toHaveLength(4)
    table.unregister(broker({ brokerName: 'nowhere', brokerAddr: 'x:3' }))
    table.unregister(broker({ brokerName: 'slave', brokerAddr: 'x:4', brokerId: 1 }))
    table.deleteTopic('T', 'c')
    expect([...(table.topics.get('T')?.keys() ?? [])]).toEqual(['b'])
    table.deleteTopic('T')
    expect(table.topics.has('T')).toBe(false)
  })
})
