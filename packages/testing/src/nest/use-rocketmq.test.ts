import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { Controller, Module } from '@nestjs/common'
import { Ctx, Payload } from '@nestjs/microservices'
import { Test } from '@nestjs/testing'
import {
  ClientRocketMQ,
  connectRocketMQ,
  DEAD_LETTER,
  RetryLaterException,
  RocketMQContext,
  RocketMQEvent,
  RocketMQModule,
  ServerRocketMQ,
} from '@rockhopper/nestjs'
import { createSteerableEnv, EmbeddedRocketMQ } from '../index.js'
import { deadLetters, deliver, recordFailures, useRocketMQ, waitForConsumption } from './index.js'

const seen: string[] = []

@Controller()
class Orders {
  @RocketMQEvent('order:created', { retry: { attempts: 2 } })
  created(@Payload() { id }: { id: string }, @Ctx() context: RocketMQContext): void {
    seen.push(`${id} ${context.getDeliveryAttempt()}`)
    if (id === 'later') throw new RetryLaterException(300_000)
    if (id === 'bad') throw new TypeError('no such customer')
  }
}

@Module({
  imports: [RocketMQModule.forRoot({ namesrvAddr: 'production:9876', server: { consumerGroup: 'stock' } })],
  controllers: [Orders],
})
class AppModule {}

describe('an application under test', () => {
  const steered = createSteerableEnv()
  let mq: EmbeddedRocketMQ
  let app: Awaited<ReturnType<typeof start>>

  async function start() {
    const builder = Test.createTestingModule({ imports: [AppModule] })
    const module = await useRocketMQ(builder, mq, { env: steered.env }).compile()
    const application = module.createNestApplication({ logger: false })
    connectRocketMQ(application)
    await application.startAllMicroservices()
    await application.init()
    return application
  }

  beforeAll(async () => {
    mq = await EmbeddedRocketMQ.start({ topics: [{ topic: 'order', queues: 1 }], env: steered.env })
    app = await start()
  }, 60_000)

  afterAll(async () => {
    await app?.close()
    await mq?.stop()
  })

  // B58
  test('a message goes straight to its handler, and its fate comes back', async () => {
    const server = app.get(ServerRocketMQ)
    expect(await deliver(server, 'order:created', { id: 'fine' })).toEqual({ kind: 'done' })
    expect(await deliver(server, 'order:created', { id: 'bad' }, { attempt: 2 })).toMatchObject({
      kind: 'dead-letter',
      reason: 'no such customer',
    })
    expect(seen.splice(0)).toEqual(['fine 1', 'bad 2'])
  })

  test('a retry in five minutes and the dead letter behind it come at once in virtual time', async () => {
    const server = app.get(ServerRocketMQ)
    const failures = recordFailures(server)
    const first = waitForConsumption(server, { group: 'stock' })
    await app.get(ClientRocketMQ).publish('order:created', { id: 'later' })
    await first
    const second = waitForConsumption(server, { group: 'stock', timeoutMs: 20_000 })
    await steered.advance(290_000)
    expect(seen).toEqual(['later 1'])
    await steered.advance(20_000)
    await second
    expect(seen.splice(0)).toEqual(['later 1', 'later 2'])
    expect([failures.retries.length, failures.deadLetters.length]).toEqual([1, 1])
    let dead = await deadLetters(mq, 'stock')
    while (dead.length === 0) dead = await deadLetters(mq, 'stock')
    expect(dead[0]?.properties[DEAD_LETTER.attempt]).toBe('2')
  }, 60_000)

  test('a cut network fails a send, and everything goes on when it is back', async () => {
    const client = app.get(ClientRocketMQ)
    const server = app.get(ServerRocketMQ)
    steered.cutNetwork()
    const failed = expect(client.publish('order:created', { id: 'lost' })).rejects.toThrow()
    await steered.advance(10_000)
    await failed
    steered.restoreNetwork()
    await steered.advance(10_000)
    const consumed = waitForConsumption(server, { group: 'stock', timeoutMs: 20_000 })
    await client.publish('order:created', { id: 'back' })
    await steered.advance(30_000)
    await consumed
    expect(seen).toContain('back 1')
  }, 60_000)
})
