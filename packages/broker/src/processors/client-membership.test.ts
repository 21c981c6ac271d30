import { expect, test } from '@jest/globals'
import { HeartbeatData } from '@rockhopper/remoting'
import { completeConfig } from '../config.js'
import { groupConfig } from '../groups.js'
import { membershipProcessors } from './client-membership.js'

test('a heartbeat whose client is gone makes no further groups', async () => {
  const connection = { closed: false }
  const made: string[] = []
  const parts = {
    config: completeConfig({}),
    groups: {
      get: () => undefined,
      findOrCreate: async (name: string) => {
        made.push(name)
        connection.closed = true
        return groupConfig(name)
      },
    },
    topics: { get: () => ({}) },
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
  expect(made).toEqual(['a'])
})
