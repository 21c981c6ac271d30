import { describe, expect, test } from '@jest/globals'
import { Controller, Injectable, Module, Scope } from '@nestjs/common'
import { ClientsModule, Ctx, EventPattern, MessagePattern, Payload, Transport } from '@nestjs/microservices'
import { Test } from '@nestjs/testing'
import { ClientRocketMQ } from './client.js'
import { connectRocketMQ } from './connect.js'
import { RocketMQContext } from './context.js'
import { RocketMQEvent, RocketMQMessage } from './decorators.js'
import { deferred, MemoryBroker } from './memory-broker.fixture.js'
import { RocketMQModule } from './module.js'
import { serve, silent, subclassOf } from './server.fixture.js'
import { ServerRocketMQ, type UnwrappedServer } from './server.js'
import { clientToken, rocketMQTransport, serverToken } from './transport.js'

describe('the server as Nest sees it', () => {
  // B6
  test('takes listeners before listen, and tells them of every delivery', async () => {
    @Controller()
    class Orders {
      @RocketMQEvent('a')
      handle(): void {}
    }
    const broker = new MemoryBroker()
    const strategy = new ServerRocketMQ({ namesrvAddr: 'm', consumerGroup: 'shop', clients: broker })
    const handled: unknown[] = []
    strategy.on('handled', ({ topic, group }) => handled.push([topic, group]))
    const module = await Test.createTestingModule({ controllers: [Orders] })
      .setLogger(silent)
      .compile()
    const app = module.createNestMicroservice({ strategy })
    await app.listen()
    broker.store({ topic: 'a', body: Buffer.from('1') })
    await broker.settled()
    expect(handled).toEqual([['a', 'shop']])
    await app.close()
  })

  // B7
  test('unwrap gives the native clients, and says when it is too early', async () => {
    expect(() => new ServerRocketMQ().unwrap()).toThrow('before listen()')
    @Controller()
    class Orders {
      @RocketMQEvent('a', { group: 'g' })
      handle(): void {}
    }
    const { strategy, app } = await serve([Orders])
    const { producer, consumers, admin } = strategy.unwrap<UnwrappedServer>()
    expect([typeof producer.send, [...consumers.keys()], typeof admin.topicList]).toEqual([
      'function',
      ['g'],
      'function',
    ])
    await app.close()
  })

  test('status is replayed and distinct, and one paused group does not flip it', async () => {
    @Controller()
    class Orders {
      @RocketMQEvent('a', { group: 'one' })
      one(): void {}
      @RocketMQEvent('a', { group: 'two' })
      two(): void {}
    }
    const { strategy, app } = await serve([Orders])
    const seen: string[] = []
    strategy.status.subscribe((status) => seen.push(status))
    strategy.pause('one')
    strategy.pause()
    strategy.pause()
    await strategy.resume()
    await app.close()
    expect(seen).toEqual(['connected', 'paused', 'connected', 'draining', 'closed'])
  })

  // B5
  test('status follows the links: one that breaks is told, all of them make it reconnect', async () => {
    @Controller()
    class Orders {
      @RocketMQEvent('a', { group: 'one' })
      one(): void {}
      @RocketMQEvent('a', { group: 'two' })
      two(): void {}
    }
    const { broker, strategy, app } = await serve([Orders])
    const seen: string[] = []
    const lost: string[] = []
    strategy.on('connectionLost', ({ owner }) => lost.push(owner))
    strategy.status.subscribe((status) => seen.push(status))
    broker.cut(false)
    broker.cut(true, 'one')
    expect([lost, seen]).toEqual([['one'], ['connected']])
    broker.cut(true)
    expect(seen).toEqual(['connected', 'disconnected', 'reconnecting'])
    strategy.pause()
    broker.cut(false, 'two')
    expect(seen.slice(3)).toEqual(['paused'])
    await strategy.resume()
    await app.close()
    broker.cut(true)
    expect(seen.slice(4)).toEqual(['connected', 'draining', 'closed'])
  })

  // B18, B25
  test('own serializers and deserializers may be asynchronous, on both sides', async () => {
    @Controller()
    class Sums {
      @MessagePattern('sum')
      sum(@Payload() numbers: number[]): number {
        return numbers.reduce((a, b) => a + b)
      }
    }
    const broker = new MemoryBroker()
    const reversed = {
      serialize: async (value: unknown) => [...JSON.stringify(value)].reverse().join(''),
      deserialize: async (body: Buffer) => {
        return { pattern: '', data: JSON.parse([...body.toString()].reverse().join('')) as unknown }
      },
    }
    const { app } = await serve([Sums], { clients: broker, serializer: reversed, deserializer: reversed })
    const client = new ClientRocketMQ({
      namesrvAddr: 'memory',
      clients: broker,
      serializer: reversed,
      deserializer: { deserialize: async (body: Buffer) => (await reversed.deserialize(body)).data as never },
    })
    expect(await client.request('sum', [10, 5])).toBe(15)
    expect(broker.bodies('sum')).toEqual([']5,01['])
    await client.close()
    await app.close()
  })

  // B18
  test("a subclass takes part through Nest's own methods, on both sides", async () => {
    const hex = {
      serialize: (value: unknown) => Buffer.from(JSON.stringify(value)).toString('hex'),
      deserialize: (body: Buffer) => {
        const data: unknown = JSON.parse(Buffer.from(body.toString(), 'hex').toString())
        return { pattern: '', data }
      },
    }
    const HexServer = subclassOf(ServerRocketMQ, {
      initializeSerializer() {
        Object.assign(this, { serializer: hex })
      },
      initializeDeserializer() {
        Object.assign(this, { deserializer: hex })
      },
    })
    const HexClient = subclassOf(ClientRocketMQ, {
      initializeSerializer() {
        Object.assign(this, { serializer: hex })
      },
      initializeDeserializer() {
        Object.assign(this, { deserializer: { deserialize: (body: Buffer) => hex.deserialize(body).data } })
      },
    })
    @Controller()
    class Sums {
      @MessagePattern('sum')
      sum(@Payload() numbers: number[]): number {
        return numbers.reduce((a, b) => a + b)
      }
    }
    const options = { namesrvAddr: 'memory', clients: new MemoryBroker() }
    const strategy = HexServer({ ...options, consumerGroup: 'shop' })
    const module = await Test.createTestingModule({ controllers: [Sums] })
      .setLogger(silent)
      .compile()
    const app = module.createNestMicroservice({ strategy })
    await app.listen()
    const client = HexClient(options)
    expect(await client.request('sum', [10, 5])).toBe(15)
    expect(options.clients.bodies('sum')).toEqual([hex.serialize([10, 5])])
    await client.close()
    await app.close()
  })

  // B56
  test('extras are serialisable, error classes become names', () => {
    class Gone extends Error {}
    class Orders {
      @RocketMQEvent('a', { retry: { deadLetter: [Gone] }, batch: { size: 2 } })
      handle(): void {}
    }
    const extras: unknown = Reflect.getMetadata('microservices:pattern_extras', Orders.prototype.handle)
    expect(JSON.parse(JSON.stringify(extras))).toEqual({
      retry: { deadLetter: ['Gone'] },
      batch: { size: 2 },
    })
  })
})

describe('the container', () => {
  // B46, B49
  test('ClientsModule makes clients, also asynchronously, without a consumer', async () => {
    const broker = new MemoryBroker()
    const options = { namesrvAddr: 'memory', clients: broker, producerGroup: 'as_given' }
    const module = await Test.createTestingModule({
      imports: [
        ClientsModule.register([{ name: 'A', customClass: ClientRocketMQ, options }]),
        ClientsModule.registerAsync([
          { name: 'B', useFactory: () => ({ customClass: ClientRocketMQ, options }) },
        ]),
      ],
    }).compile()
    for (const name of ['A', 'B']) await module.get<ClientRocketMQ>(name).publish('a', name)
    expect(broker.bodies('a')).toEqual(['"A"', '"B"'])
    expect(broker.groups).toEqual([])
    await module.close()
  })

  // B4, B45, B60
  test('two clusters in one application share nothing and close at the same time', async () => {
    const [near, far] = [new MemoryBroker(), new MemoryBroker()]
    const seen: string[] = []
    const [slowNear, slowFar] = [deferred(), deferred()]
    @Controller()
    class Orders {
      @RocketMQEvent('a')
      async near(@Payload() data: string): Promise<void> {
        seen.push(`near ${data}`)
        await slowNear.promise
      }
      @RocketMQEvent('a', { transport: rocketMQTransport('far') })
      async far(@Payload() data: string): Promise<void> {
        seen.push(`far ${data}`)
        await slowFar.promise
      }
      @EventPattern<string>('both')
      both(@Ctx() context: RocketMQContext): void {
        seen.push(`both ${context.getMetadata()['from']}`)
      }
      @EventPattern<string>('a', Transport.NATS)
      elsewhere(): void {
        seen.push('a message for another transport')
      }
    }
    const of = (clients: MemoryBroker) => ({ namesrvAddr: 'm', clients, server: { consumerGroup: 'shop' } })
    @Module({
      imports: [RocketMQModule.forRoot(of(near)), RocketMQModule.forRoot({ name: 'far', ...of(far) })],
      controllers: [Orders],
    })
    class App {}
    const module = await Test.createTestingModule({ imports: [App] })
      .setLogger(silent)
      .compile()
    const app = module.createNestApplication()
    connectRocketMQ(app)
    connectRocketMQ(app, { strategy: app.get(serverToken('far')) })
    await app.startAllMicroservices()
    await app.init()
    await app.get<ClientRocketMQ>(clientToken('far')).publish('a', '1')
    await app.get(ClientRocketMQ).publish('a', '2')
    near.store({ topic: 'both', body: Buffer.from('0'), properties: { from: 'near' } })
    far.store({ topic: 'both', body: Buffer.from('0'), properties: { from: 'far' } })
    while (seen.length < 4) await new Promise((resolve) => setImmediate(resolve))
    // A handler that names no transport has it of both clusters.
    expect(seen.sort()).toEqual(['both far', 'both near', 'far 1', 'near 2'])
    expect([near.groups, far.groups]).toEqual([['shop'], ['shop']])
    const closing = app.close()
    // The second server closes although the first one still waits for its handler, or the reverse.
    slowFar.resolve()
    slowNear.resolve()
    await closing
  })

  // B19
  test('a durable or request-scoped handler is made for its message', async () => {
    let made = 0
    @Injectable({ scope: Scope.REQUEST })
    class Work {
      readonly number = ++made
    }
    const seen: number[] = []
    @Controller()
    class Orders {
      constructor(private readonly work: Work) {}
      @RocketMQMessage('ask')
      ask(): number {
        seen.push(this.work.number)
        return this.work.number
      }
    }
    const broker = new MemoryBroker()
    const { app } = await serve([Orders], { clients: broker }, [Work])
    const client = new ClientRocketMQ({ namesrvAddr: 'memory', clients: broker })
    await Promise.all([client.request('ask', 1), client.request('ask', 2)])
    expect(seen.sort()).toEqual([1, 2])
    await client.close()
    await app.close()
  })
})
