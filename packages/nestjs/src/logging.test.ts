import { afterEach, expect, test } from '@jest/globals'
import { ConsoleLogger, Controller, Logger, type LoggerService } from '@nestjs/common'
import { ClientRocketMQ } from './client.js'
import { RocketMQEvent } from './decorators.js'
import { DeadLetterException } from './exceptions.js'
import { MemoryBroker } from './memory-broker.fixture.js'
import { serve } from './server.fixture.js'

afterEach(() => Logger.overrideLogger(new ConsoleLogger()))

// B57
test("everything goes to Nest's logger as an object, under the name of the class", async () => {
  const lines: [level: string, context: unknown, message: unknown][] = []
  const take =
    (level: string) =>
    (message: unknown, ...more: unknown[]) =>
      lines.push([level, more.at(-1), message])
  const collector: LoggerService = { log: take('log'), warn: take('warn'), error: take('error') }
  @Controller()
  class Failing {
    @RocketMQEvent('a')
    handle(n: number): void {
      if (n === 1) throw new DeadLetterException('poison')
      throw new TypeError('db down')
    }
  }
  const { broker, app, send } = await serve([Failing], { maxReconsumeTimes: 1 })
  Logger.overrideLogger(collector)
  send('a', 1)
  send('a', 2)
  await broker.settled()
  broker.cut(true)
  broker.cut(false)
  const dead = new MemoryBroker()
  dead.down = new Error('no name server')
  const client = new ClientRocketMQ({ namesrvAddr: 'memory', clients: dead, connectAttempts: 1 })
  client.emit('a', 1).subscribe({ error: () => undefined })
  await client.publish('a', 1).catch(() => undefined)
  await app.close()
  await client.close()
  const ours = lines.filter(([, context]) => context === 'ServerRocketMQ' || context === 'ClientRocketMQ')
  expect(ours.map(([level, , message]) => [level, (message as { message: string }).message])).toEqual(
    expect.arrayContaining([
      ['error', 'message goes to the dead-letter queue'],
      ['warn', 'handler failed, the message will be delivered again'],
      ['warn', 'connection to a broker lost, it is tried again'],
      ['log', 'connection to a broker restored'],
    ]),
  )
  const [, , failure] = ours.find(([level]) => level === 'warn') ?? []
  expect(failure).toMatchObject({
    messageId: expect.any(String),
    topic: 'a',
    group: 'shop',
    attempt: 1,
    reason: expect.any(String),
  })
  // Nest's last filter tells the stack of an error that is no RpcException; nobody else of Nest says a word.
  const others = lines.filter(
    ([, context]) => !['ServerRocketMQ', 'ClientRocketMQ'].includes(String(context)),
  )
  expect(new Set(others.map(([, context]) => context))).toEqual(new Set(['RpcExceptionsHandler']))
})
