import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { Controller, Module } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { EmbeddedRocketMQ } from '@rockhopper/embedded'
import {
  ClientRocketMQ,
  connectRocketMQ,
  RocketMQEvent,
  RocketMQHealthIndicator,
  RocketMQMessage,
  RocketMQModule,
} from '@rockhopper/nestjs'
import { until } from './service.fixture.js'
import { CERT, SERVER_NAME, tlsEnv } from './tls.fixture.js'

const seen: unknown[] = []

@Controller()
class Orders {
  @RocketMQEvent('order_topic')
  created(order: object): void {
    seen.push(order)
  }

  @RocketMQMessage('price_topic')
  price(item: string): number {
    return item.length
  }
}

let mq: EmbeddedRocketMQ
beforeAll(async () => {
  mq = await EmbeddedRocketMQ.start({ topics: ['order_topic', 'price_topic'], env: tlsEnv() })
})
afterAll(() => mq?.stop())

async function application(options: { readonly ca?: string; readonly servername?: string }) {
  @Module({
    imports: [
      RocketMQModule.forRoot({
        namesrvAddr: mq.nameserverAddress,
        connectAttempts: 1,
        tls: options,
        server: { consumerGroup: 'tls', from: 'first' },
      }),
    ],
    controllers: [Orders],
  })
  class App {}
  const app = await NestFactory.create(App, { logger: false })
  connectRocketMQ(app)
  return app
}

test('server, client and health work with a cluster that refuses plain text', async () => {
  const app = await application({ ca: CERT, servername: SERVER_NAME })
  await app.startAllMicroservices()
  await app.init()
  const client = app.get(ClientRocketMQ)
  await client.publish('order_topic', { id: 1 })
  await until('the order came', () => seen.length > 0)
  expect(seen).toEqual([{ id: 1 }])
  expect(await client.request('price_topic', 'book')).toBe(4)
  const health = await app.get(RocketMQHealthIndicator).readiness('rocketmq')
  expect(health).toMatchObject({ rocketmq: { status: 'up' } })
  await app.close()
}, 60_000)

test('a cluster whose certificate is another one is not talked to', async () => {
  const told = async (tls: Parameters<typeof application>[0]): Promise<unknown> => {
    const app = await application(tls)
    const client = app.get(ClientRocketMQ)
    const failure = await client.publish('order_topic', { id: 2 }).catch((error: unknown) => error)
    await app.close()
    return failure
  }
  expect(await told({ servername: SERVER_NAME })).toMatchObject({ code: 'NAME_SERVER_UNREACHABLE' })
  expect(await told({ ca: CERT, servername: 'other.test' })).toMatchObject({
    code: 'NAME_SERVER_UNREACHABLE',
  })
  expect(await told({ ca: CERT, servername: SERVER_NAME })).toMatchObject({ status: 'SEND_OK' })
}, 60_000)
