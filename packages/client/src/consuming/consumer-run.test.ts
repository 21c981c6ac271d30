import { afterEach, expect, test } from '@jest/globals'
import { HeartbeatData, ok } from '@rockhopper/remoting'
import { ClientInstance } from '../client-instance.js'
import { env, nameServerOf, serverOf } from '../scripted-servers.fixture.js'
import { ConsumerRun } from './consumer-run.js'
import { consumerSettings } from './consumer-settings.js'
import { Subscriptions } from './subscriptions.js'

const ends: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

test('a start that fails after the group was told takes the member back', async () => {
  const groups: string[][] = []
  const left: (string | undefined)[] = []
  const broker = await serverOf({
    HEART_BEAT: (_, { body }) => {
      groups.push(HeartbeatData.decode(body).consumerDataSet.map(({ groupName }) => groupName))
      return ok()
    },
    UNREGISTER_CLIENT: ({ consumerGroup }) => {
      left.push(consumerGroup)
      return ok()
    },
  })
  ends.push(() => broker.stop())
  // Nobody listens at port 1, and nobody is asked: the client itself fails on the way there.
  const brokers = [
    { name: 'a', address: broker.address, queues: 1 },
    { name: 'b', address: '127.0.0.1:1', queues: 1 },
  ]
  const nameServer = await nameServerOf(new Map([['T', brokers]]))
  ends.push(() => nameServer.stop())
  const instance = new ClientInstance({ env, namesrvAddr: nameServer.address })
  ends.push(() => instance.stop())
  await instance.routes.find('T')
  instance.start()
  const heartbeat = instance.api.heartbeat.bind(instance.api)
  instance.api.heartbeat = async (address, data, options) => {
    await heartbeat(broker.address, data, options)
    if (address !== broker.address) throw new TypeError('broken on the way')
  }
  const subscriptions = new Subscriptions(env.clock)
  subscriptions.set('T', '*')
  const settings = consumerSettings({ namesrvAddr: nameServer.address, consumerGroup: 'g' }, env)
  const run = new ConsumerRun(instance, settings, subscriptions, () => {})
  ends.push(() => run.stop(0))
  await expect(run.start()).rejects.toThrow('broken on the way')
  expect(left).toEqual(['g'])
  instance.api.heartbeat = heartbeat
  await instance.greet(broker.address)
  instance.lost(broker.address)
  await instance.greet(broker.address)
  expect(groups.at(0)).toEqual(['g'])
  expect(groups.at(-1)).toEqual([])
})
