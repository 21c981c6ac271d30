import { describe, expect, test } from '@jest/globals'
import { Controller } from '@nestjs/common'
import { Payload } from '@nestjs/microservices'
import { createNodeEnv } from '@rockhopper/env'
import { RocketMQEvent } from './decorators.js'
import { deferred, MemoryBroker } from './memory-broker.fixture.js'
import { serve } from './server.fixture.js'
import { ServerRocketMQ } from './server.js'
import { SteppedClock, settled } from './stepped-clock.fixture.js'

describe('set-up and life cycle', () => {
  test('listen rejects with what is wrong in the set-up', async () => {
    @Controller()
    class Twice {
      @RocketMQEvent('a')
      one(): void {}
      @RocketMQEvent('a')
      two(): void {}
    }
    await expect(serve([Twice])).rejects.toThrow("two event handlers of group 'shop' take 'a'")
  })

  // B2
  test('listen rejects when no name server answers, and works when one does', async () => {
    const broker = new MemoryBroker()
    const down = new Error('connection refused')
    broker.down = down
    const clock = new SteppedClock()
    const env = { ...createNodeEnv({ log: { info() {}, warn() {}, error() {} } }), clock }
    const strategy = new ServerRocketMQ({ namesrvAddr: 'memory', clients: broker, connectAttempts: 3, env })
    const seen: string[] = []
    strategy.status.subscribe((status) => seen.push(status))
    const said: unknown[] = []
    const listen = () => void strategy.listen((error) => said.push(error))
    listen()
    // Between three attempts there are two pauses, of 100 and 200 ms.
    await clock.advance(299)
    expect(said).toEqual([])
    await clock.advance(1)
    await clock.advance(60_000)
    expect(said).toEqual([down])
    broker.down = undefined
    listen()
    await settled()
    await strategy.close()
    expect(said).toEqual([down, undefined])
    expect(seen).toEqual([
      'connecting',
      'draining',
      'disconnected',
      'connecting',
      'connected',
      'draining',
      'closed',
    ])
  })

  test('close during listen is not followed by a word of being connected', async () => {
    const strategy = new ServerRocketMQ({ namesrvAddr: 'memory', clients: new MemoryBroker() })
    const seen: string[] = []
    strategy.status.subscribe((status) => seen.push(status))
    const listening = strategy.listen(() => undefined)
    await strategy.close()
    await listening
    expect(seen).toEqual(['connecting', 'draining', 'closed'])
  })

  // B3
  test('close may come before listen, twice, and with a signal', async () => {
    const strategy = new ServerRocketMQ({ namesrvAddr: 'memory', clients: new MemoryBroker() })
    await strategy.close('SIGTERM')
    await strategy.close()
    expect(await new Promise((resolve) => void strategy.listen(resolve))).toMatchObject({ code: 'CLOSED' })
  })

  // B52, B53
  test('close waits for the running handler, and afterwards none runs', async () => {
    const log: string[] = []
    const started = deferred()
    const finish = deferred()
    @Controller()
    class Slow {
      @RocketMQEvent('a')
      async handle(): Promise<void> {
        started.resolve()
        await finish.promise
        log.push('handler ended')
      }
    }
    const { app, send } = await serve([Slow])
    send('a', {})
    await started.promise
    const closing = app.close().then(() => log.push('closed'))
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
    expect(log).toEqual([])
    finish.resolve()
    await closing
    send('a', {})
    expect(log).toEqual(['handler ended', 'closed'])
  })

  // B52, B53
  test('a handler that does not end in time gives its message back, and then says nothing', async () => {
    const [started, finish] = [deferred(), deferred()]
    @Controller()
    class Stuck {
      @RocketMQEvent('a')
      async handle(@Payload() n: number): Promise<void> {
        if (n === 0) return
        started.resolve()
        await finish.promise
        throw new Error('too late to fail')
      }
      @RocketMQEvent('last', { maxReconsumeTimes: 0, group: 'once' })
      async last(): Promise<void> {
        await finish.promise
      }
    }
    const { broker, strategy, app, send } = await serve([Stuck], { shutdownTimeoutMs: 20 })
    for (const n of [0, 1, 2]) send('a', n)
    send('last', 3)
    await started.promise
    const running = () => strategy.groups().map(({ running }) => running)
    while (running()[0] !== 2) await new Promise((resolve) => setImmediate(resolve))
    expect(running()).toEqual([2, 1])
    const closing = app.close()
    while (broker.delays.length < 2) await new Promise((resolve) => setTimeout(resolve, 1))
    // Both unfinished ones go back, soon to be delivered again; the last attempt of a message does not: the
    // broker would make it a dead letter.
    expect(broker.delays).toEqual([1, 1])
    expect(running()).toEqual([0, 1])
    finish.resolve()
    await closing
    expect(broker.delays).toEqual([1, 1])
    expect([...broker.topics.keys()]).toEqual(['a', 'last'])
  })

  // B51
  test('nothing is pulled before resume when autoStart is off', async () => {
    const seen: unknown[] = []
    @Controller()
    class Orders {
      @RocketMQEvent('a')
      handle(@Payload() data: unknown): void {
        seen.push(data)
      }
    }
    const { broker, strategy, app, send } = await serve([Orders], { autoStart: false })
    send('a', 1)
    await broker.settled()
    expect(seen).toEqual([])
    await strategy.resume()
    await broker.settled()
    expect(seen).toEqual([1])
    strategy.pause()
    send('a', 2)
    await new Promise((resolve) => setImmediate(resolve))
    expect(seen).toEqual([1])
    await strategy.resume()
    await broker.settled()
    expect(seen).toEqual([1, 2])
    expect([...strategy.unwrap().consumers.keys()]).toEqual(['shop'])
    await app.close()
  })

  // B58
  test('a handler can be called without a broker', async () => {
    const { strategy, app } = await serve([])
    const seen: unknown[] = []
    strategy.addHandler('a:x', async (data: unknown) => void seen.push(data), true)
    await strategy.handleEvent('a:x', { pattern: 'a:x', data: 1 }, {} as never)
    expect(seen).toEqual([1])
    await app.close()
  })
})
