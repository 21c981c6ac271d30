import { expect, test } from '@jest/globals'
import { HeartbeatData } from '@rockhopper/remoting'
import { completeConfig } from '../config.js'
import { groupConfig } from '../groups.js'
import { membershipProcessors } from './client-membership.js'

test('a client that goes while the groups of its heartbeat are written is registered with none', async () => {
  const connection = { closed: false }
  const registered: string[] = []
  const parts = {
    config: completeConfig({}),
    groups: {
      get: groupConfig,
      findOrCreate: async (name: string) => {
        connection.closed = true
        return groupConfig(name)
      },
    },
    topics: { get: () => ({}) },
    consumers: {
      get: () => undefined,
      register: (_: unknown, { groupName }: { groupName: string }) => registered.push(groupName),
    },
  }
  const consumerDataSet = ['a', 'b', 'c'].map((groupName) => ({
    consumeFromWhere: 'CONSUME_FROM_LAST_OFFSET' as const,
    consumeType: 'CONSUME_PASSIVELY' as const,
    groupName,
    messageModel: 'CLUSTERING' as const,
    subscriptionDataSet: [],
    unitMode: false,
  }))
  const body = HeartbeatData.encode({
    clientID: 'x',
    consumerDataSet,
    heartbeatFingerprint: 0,
    producerDataSet: [],
    withoutSub: false,
  })
  const request = { body, connection, language: undefined, version: 0 }
  await membershipProcessors(parts as never).HEART_BEAT({}, request as never)
  expect(registered).toEqual([])
})
