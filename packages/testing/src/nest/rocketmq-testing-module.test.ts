import { existsSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { Test } from '@nestjs/testing'
import { ClientRocketMQ } from '@rockhopper/nestjs'
import { EmbeddedRocketMQ } from '../index.js'
import { RocketMQTestingModule } from './rocketmq-testing-module.js'

test('an application under test gets a server of its own, which ends after all that uses it', async () => {
  const testing = RocketMQTestingModule.forRoot({ embedded: { topics: ['orders'] } })
  const module = await Test.createTestingModule({ imports: [testing] }).compile()
  await module.init()
  const client = module.get(ClientRocketMQ, { strict: false })
  expect(await client.publish('orders', { id: 1 })).toMatchObject({ status: 'SEND_OK' })

  const mq = module.get(EmbeddedRocketMQ, { strict: false })
  const storeDir = mq.brokers[0]?.storeDir as string
  const shutDown = client.onApplicationShutdown.bind(client)
  let outlivesClient = false
  client.onApplicationShutdown = async () => {
    await shutDown()
    outlivesClient = existsSync(storeDir)
  }
  await module.close()
  expect([outlivesClient, existsSync(storeDir)]).toEqual([true, false])
})
