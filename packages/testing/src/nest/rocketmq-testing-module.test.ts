import { existsSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { Test } from '@nestjs/testing'
import { ClientRocketMQ } from '@rockhopper/nestjs'
import { EmbeddedRocketMQ } from '../index.js'
import { RocketMQTestingModule } from './rocketmq-testing-module.js'

test('an application under test gets a server of its own, which ends with it', async () => {
  const testing = RocketMQTestingModule.forRoot({ embedded: { topics: ['orders'] } })
  const module = await Test.createTestingModule({ imports: [testing] }).compile()
  await module.init()
  const mq = module.get(EmbeddedRocketMQ, { strict: false })
  const receipt = await module.get(ClientRocketMQ, { strict: false }).publish('orders', { id: 1 })
  expect(receipt).toMatchObject({ status: 'SEND_OK' })
  const storeDir = mq.brokers[0]?.storeDir as string
  expect(existsSync(storeDir)).toBe(true)
  await module.close()
  expect(existsSync(storeDir)).toBe(false)
})
