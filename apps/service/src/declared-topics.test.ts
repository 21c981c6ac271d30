import { afterEach, expect, test } from '@jest/globals'
import { ConsoleLogger, type INestApplication } from '@nestjs/common'
import { Test } from '@nestjs/testing'
import { Admin } from '@rockhopper/client'
import { EmbeddedRocketMQ } from '@rockhopper/embedded'
import { declaredTopics, type TopicsPlan } from './declared-topics.js'
import { readSettings, SettingsError } from './settings.js'

const PLAN: TopicsPlan = {
  file: 'apps/shop/topics.yaml',
  topics: [
    { topic: 'order_topic', queues: 2 },
    { topic: 'unpaid_topic', queues: 4, type: 'DELAY' },
  ],
  groups: ['order_saga'],
}

const open: { close(): Promise<unknown> }[] = []

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close()
})

async function brokerOf(autoCreate: boolean, topics: string[] = []): Promise<EmbeddedRocketMQ> {
  const config = { autoCreateTopicEnable: false, autoCreateSubscriptionGroup: autoCreate }
  const mq = await EmbeddedRocketMQ.start({ config, topics })
  open.push({ close: () => mq.stop() })
  return mq
}

async function adminOf(mq: EmbeddedRocketMQ): Promise<Admin> {
  const admin = new Admin({ namesrvAddr: mq.nameserverAddress })
  await admin.start()
  open.push({ close: () => admin.shutdown() })
  return admin
}

async function serviceOn(namesrvAddr: string, mode: 'check' | 'create'): Promise<INestApplication> {
  const defaults = { system: 'shop', service: 'order', port: 0 }
  const settings = readSettings(defaults, { ROCKETMQ_NAMESRV_ADDR: namesrvAddr, ROCKHOPPER_TOPICS: mode })
  const module = await Test.createTestingModule({ imports: [declaredTopics(settings, PLAN)] })
    .setLogger(new ConsoleLogger({ logLevels: [] }))
    .compile()
  const app = module.createNestApplication()
  await app.init()
  open.push(app)
  return app
}

test('what is missing ends the start, and the command that makes it is named', async () => {
  const mq = await brokerOf(false, ['order_topic'])
  const starting = serviceOn(mq.nameserverAddress, 'check')
  await expect(starting).rejects.toThrow(SettingsError)
  await expect(starting).rejects.toThrow(
    `RocketMQ at ${mq.nameserverAddress} has no topic 'unpaid_topic', no group 'order_saga'. ` +
      `Run: rockhopper topics apply -f apps/shop/topics.yaml -n '${mq.nameserverAddress}'`,
  )
})

test('a topic that nobody may write to, or of another message type, is named, too', async () => {
  const mq = await brokerOf(true)
  const admin = await adminOf(mq)
  await admin.createTopic('order_topic', { perm: 4 })
  await admin.createTopic('unpaid_topic', { attributes: { 'message.type': 'FIFO' } })
  await expect(serviceOn(mq.nameserverAddress, 'check')).rejects.toThrow(
    "has the topic 'order_topic' with perm 4 instead of 6, " +
      "the topic 'unpaid_topic' with message.type FIFO instead of DELAY. Run:",
  )
})

test('demos and tests have it made', async () => {
  const mq = await brokerOf(false)
  const admin = await adminOf(mq)
  await serviceOn(mq.nameserverAddress, 'create')
  expect((await admin.topicConfigs('order_topic')).get(mq.brokerAddress)).toMatchObject({ readQueueNums: 2 })
  const unpaid = (await admin.topicConfigs('unpaid_topic')).get(mq.brokerAddress)
  expect(unpaid?.attributes.get('message.type')).toBe('DELAY')
  expect((await admin.subscriptionGroup('order_saga')).get(mq.brokerAddress)).toBeDefined()
  await serviceOn(mq.nameserverAddress, 'check')
})

test('without a broker the service starts all the same', async () => {
  const mq = await brokerOf(true)
  await mq.stop()
  await serviceOn(mq.nameserverAddress, 'check')
})
