import { describe, expect, test } from '@jest/globals'
import { Controller, type LoggerService } from '@nestjs/common'
import { ClientsModule, MessagePattern, Payload, RpcException } from '@nestjs/microservices'
import { InvalidMessageException } from '@nestjs/microservices/errors/invalid-message.exception.js'
import { Test } from '@nestjs/testing'
import { firstValueFrom, from, lastValueFrom, timeout } from 'rxjs'
import { ClientRocketMQ } from './client.js'
import { DeadLetterException, RocketMQRemoteError } from './exceptions.js'
import { MemoryBroker } from './memory-broker.fixture.js'
import type { RocketMQClientOptions } from './options.js'
import { RocketMQRecordBuilder } from './record.js'
import { errorFields } from './reply.js'
import { subclassOf } from './server.fixture.js'
import { ServerRocketMQ } from './server.js'

const silent: LoggerService = { log() {}, error() {}, warn() {} }

class TeapotException extends RpcException {
  override getError(): object {
    return { name: 'Teapot', code: 418, message: 'short and stout', details: { lid: true } }
  }
}

@Controller()
class Inventory {
  calls = 0

  @MessagePattern('inventory.quote')
  quote(@Payload() { sku }: { sku: string }): unknown {
    this.calls++
    if (sku === 'unknown') throw new TeapotException('')
    if (sku === 'broken') throw new TypeError('secret')
    if (sku === 'dead') throw new DeadLetterException('no such thing')
    if (sku === 'nothing') return undefined
    if (sku === 'stream') return from([1, 2, 3])
    return { sku, price: 5 }
  }

  @MessagePattern('slow')
  slow(): Promise<never> {
    return new Promise(() => undefined)
  }
}

async function withServer(options: RocketMQClientOptions = {}) {
  const broker = new MemoryBroker()
  const settings = { namesrvAddr: 'memory', clients: broker, ...options }
  const strategy = new ServerRocketMQ({ ...settings, consumerGroup: 'inventory', shutdownTimeoutMs: 0 })
  const module = await Test.createTestingModule({
    imports: [ClientsModule.register([{ name: 'BUS', customClass: ClientRocketMQ, options: settings }])],
    controllers: [Inventory],
  })
    .setLogger(silent)
    .compile()
  const app = module.createNestMicroservice({ strategy })
  await app.listen()
  return { broker, app, client: app.get<ClientRocketMQ>('BUS'), inventory: app.get(Inventory) }
}

describe('requests', () => {
  // B43, B44
  test('send gets the answer of the handler, and of a stream its last value', async () => {
    const { broker, app, client } = await withServer()
    const quote = client.send('inventory.quote', { sku: 'a' })
    const eager = client.request('inventory.quote', { sku: 'b' })
    while (broker.bodies('inventory').length === 0) await new Promise((resolve) => setImmediate(resolve))
    expect(broker.bodies('inventory')).toEqual(['{"sku":"b"}'])
    expect(await firstValueFrom(quote)).toEqual({ sku: 'a', price: 5 })
    expect(await eager).toEqual({ sku: 'b', price: 5 })
    // Each subscription is a request of its own.
    expect(await firstValueFrom(quote)).toEqual({ sku: 'a', price: 5 })
    expect(broker.bodies('inventory')).toHaveLength(3)
    expect(await client.request('inventory.quote', { sku: 'stream' })).toBe(3)
    await app.close()
  })

  test('a handler without a value completes the observable empty', async () => {
    const { app, client } = await withServer()
    const nothing = client.send('inventory.quote', { sku: 'nothing' })
    expect(await lastValueFrom(nothing, { defaultValue: 'empty' })).toBe('empty')
    expect(await client.request('inventory.quote', { sku: 'nothing' })).toBeUndefined()
    await app.close()
  })

  // B38
  test('an error comes back as data, is not retried, and an unknown one tells nothing', async () => {
    const { broker, app, client, inventory } = await withServer()
    const refused = await firstValueFrom(client.send('inventory.quote', { sku: 'unknown' })).catch(
      (e: unknown) => e,
    )
    expect(refused).toBeInstanceOf(RocketMQRemoteError)
    expect(refused).toMatchObject({
      name: 'Teapot',
      code: 418,
      message: 'short and stout',
      details: { lid: true },
    })
    await expect(client.request('inventory.quote', { sku: 'broken' })).rejects.toThrow(
      'Internal server error',
    )
    await expect(client.request('inventory.quote', { sku: 'dead' })).rejects.toThrow('no such thing')
    await broker.settled()
    expect(inventory.calls).toBe(3)
    expect(broker.bodies('%DLQ%inventory')).toEqual(['{"sku":"dead"}'])
    await app.close()
  })

  // B38
  test('an error travels without its stack, and a client may make its own of it', async () => {
    const { app, broker } = await withServer()
    const own = (value: unknown) => ({ own: value })
    const OwnErrors = subclassOf(ClientRocketMQ, { serializeError: own, serializeResponse: own })
    const client = OwnErrors({ namesrvAddr: 'memory', clients: broker })
    const told = await client.request('inventory.quote', { sku: 'unknown' }).catch((one: unknown) => one)
    expect(told).toMatchObject({ own: { name: 'Teapot', code: 418 } })
    expect(await client.request('inventory.quote', { sku: 'a' })).toEqual({ own: { sku: 'a', price: 5 } })
    const problem = new TypeError('no such column', { cause: new Error('the password is wrong') })
    expect(errorFields(problem)).toEqual({ name: 'TypeError', message: 'no such column' })
    expect(errorFields({ ...problem, message: 'no', stack: 'at secret.ts' })).toEqual({ message: 'no' })
    await client.close()
    await app.close()
  })

  // B17
  test('a reply that cannot be sent is logged, and the next request is answered', async () => {
    const { broker, app, client } = await withServer()
    const lines: unknown[] = []
    app.useLogger({ ...silent, warn: (line: unknown) => lines.push(line) })
    await client.connect()
    const lost = client.request('inventory.quote', { sku: 'a' }, { timeoutMs: 20 })
    const late = expect(lost).rejects.toMatchObject({ code: 'REPLY_TIMEOUT' })
    while (broker.bodies('inventory').length === 0) await Promise.resolve()
    broker.down = new Error('no broker')
    await late
    expect(lines).toMatchObject([{ message: 'reply not delivered', topic: 'inventory', reason: 'no broker' }])
    broker.down = undefined
    expect(await client.request('inventory.quote', { sku: 'b' })).toEqual({ sku: 'b', price: 5 })
    await app.close()
  })

  // B28
  test('a body that cannot be read is answered with an error', async () => {
    const { broker, app, client } = await withServer()
    const bytes = Buffer.from('no json')
    await expect(client.request('inventory.quote', bytes)).rejects.toThrow('body cannot be decoded')
    await broker.settled()
    expect(broker.bodies('%DLQ%inventory')).toEqual(['no json'])
    await app.close()
  })

  // B40, B43
  test('a request ends at its timeout, at that of the caller, and when the client closes', async () => {
    const { app, client } = await withServer({ requestTimeoutMs: 20 })
    await expect(client.request('slow', {})).rejects.toMatchObject({ code: 'REPLY_TIMEOUT' })
    await expect(firstValueFrom(client.send('slow', {}).pipe(timeout(1)))).rejects.toThrow('Timeout')
    const short = new RocketMQRecordBuilder({}).setTimeout(1).build()
    const patient = { timeoutMs: 60_000 }
    await expect(client.request('slow', short)).rejects.toMatchObject({ code: 'REPLY_TIMEOUT' })
    // Whoever goes away leaves nothing behind.
    const gone = client.send('slow', new RocketMQRecordBuilder({}).setTimeout(60_000).build()).subscribe()
    while (client['routingMap'].size === 0) await new Promise((resolve) => setImmediate(resolve))
    gone.unsubscribe()
    expect(client['routingMap'].size).toBe(0)
    const waiting = client.request('slow', {}, patient)
    const refused = expect(waiting).rejects.toMatchObject({ code: 'CLOSED' })
    await new Promise((resolve) => setImmediate(resolve))
    await client.close()
    await refused
    await app.close()
  })
})

describe('events', () => {
  const connected = (options: RocketMQClientOptions = {}) => {
    const broker = new MemoryBroker()
    return {
      broker,
      client: new ClientRocketMQ({ namesrvAddr: 'memory', clients: broker, connectAttempts: 1, ...options }),
    }
  }

  // B24, B41
  test('publish and emit send plain JSON and resolve with the receipt', async () => {
    const { broker, client } = connected()
    const receipt = await client.publish('order_topic:created', { id: 1 })
    expect(receipt).toMatchObject({ status: 'SEND_OK', queue: { topic: 'order_topic' }, queueOffset: 0 })
    expect(await firstValueFrom(client.emit('order_topic', 'x'))).toMatchObject({ queueOffset: 1 })
    expect(broker.bodies('order_topic')).toEqual(['{"id":1}', '"x"'])
    expect(broker.topics.get('order_topic')?.[0]?.tag).toBe('created')
    await client.close()
  })

  test('a delayed message is taken back by its receipt; another one has no handle for it', async () => {
    const { broker, client } = connected()
    await client.recall('reminder_topic:cart', { recallHandle: 'h1' })
    expect(broker.recalled).toEqual(['reminder_topic h1'])
    const receipt = await client.publish('reminder_topic', 1)
    await expect(client.recall('reminder_topic', receipt)).rejects.toThrow('send it with setDelay')
    await client.close()
  })

  // B42
  test('emit sends although nobody watches, and its failure is told to on(publishError)', async () => {
    const { broker, client } = connected()
    const failures: unknown[] = []
    client.on('publishError', (error, pattern) => failures.push(error, pattern))
    client.emit('a', 1)
    await new Promise((resolve) => setImmediate(resolve))
    expect(broker.bodies('a')).toEqual(['1'])
    broker.down = new Error('no broker')
    await expect(firstValueFrom(client.emit('a', 2))).rejects.toBe(broker.down)
    expect(failures).toEqual([broker.down, 'a'])
    await client.close()
  })

  // B26, B27, B29
  test("a record carries tag, keys, properties, delay, order key and a hook's metadata", async () => {
    const { broker, client } = connected()
    // Nest 11 has no such hook.
    const hooked = 'setOnDispatchHook' in client
    if (hooked) {
      client.setOnDispatchHook((packet) => {
        packet.metadata = { traceparent: '00-1' }
      })
    }
    const record = new RocketMQRecordBuilder({ id: 1 })
      .setTag('t')
      .setKeys('k1', 'k2')
      .setProperty('tenant', 'x')
      .setDelayLevel(3)
      .setShardingKey('o1')
      .build()
    await client.publish('a', record)
    expect(broker.topics.get('a')?.[0]).toMatchObject({
      tag: 't',
      keys: ['k1', 'k2'],
      properties: {
        tenant: 'x',
        DELAY: '3',
        __SHARDINGKEY: 'o1',
        ...(hooked ? { traceparent: '00-1' } : {}),
      },
    })
    await client.publish('later', new RocketMQRecordBuilder(1).setDelay(90_500).build())
    await client.publish('later', new RocketMQRecordBuilder(2).setDeliverAt(new Date(1_000)).build())
    await client.publish('later', new RocketMQRecordBuilder(3).setPriority(7).build())
    expect(broker.topics.get('later')?.map(({ properties }) => properties)).toMatchObject([
      { TIMER_DELAY_MS: '90500' },
      { TIMER_DELIVER_MS: '1000' },
      { _SYS_MSG_PRIORITY_: '7' },
    ])
    await expect(client.publish('a:u', record)).rejects.toThrow("pattern says tag 'u'")
    for (const nothing of [undefined, null]) {
      await expect(client.publish('a', nothing)).rejects.toThrow('empty body')
      await expect(client.publish(nothing as never, 1)).rejects.toThrow('want a pattern')
      await expect(client.publishBatch('a', [1, nothing])).rejects.toThrow('empty body')
      await expect(client.request('a', nothing)).rejects.toThrow('empty body')
      await expect(firstValueFrom(client.emit('a', nothing))).rejects.toThrow(InvalidMessageException)
      await expect(firstValueFrom(client.send(nothing, 1))).rejects.toThrow(InvalidMessageException)
    }
    await firstValueFrom(client.emit('emitted', record))
    expect(broker.topics.get('emitted')?.[0]).toMatchObject({ tag: 't', keys: ['k1', 'k2'] })
    await client.publishBatch('batched', [record, { id: 2 }])
    expect(broker.topics.get('batched')).toMatchObject([{ tag: 't', keys: ['k1', 'k2'] }, { keys: [] }])
    const asked = new RocketMQRecordBuilder(1).setTag('quote').setKeys('k3').setTimeout(1).build()
    await expect(firstValueFrom(client.send('asked', asked))).rejects.toMatchObject({ code: 'REPLY_TIMEOUT' })
    expect(broker.topics.get('asked')?.[0]).toMatchObject({ tag: 'quote', keys: ['k3'] })
    await client.publish('a', new RocketMQRecordBuilder().build())
    expect(broker.bodies('a')[1]).toBe('')
    await client.close()
  })

  // B39, B47, B50
  test('calls share one attempt to connect, a failed one is forgotten, closing is final', async () => {
    const { broker, client } = connected()
    const seen: string[] = []
    client.status.subscribe((status) => seen.push(status))
    expect(() => client.unwrap()).toThrow('before connect()')
    broker.down = new Error('not yet')
    await expect(Promise.all([client.connect(), client.connect()])).rejects.toBe(broker.down)
    broker.down = undefined
    await Promise.all([client.connect(), client.publish('a', 1), client.publish('a', 2)])
    expect(broker.bodies('a')).toHaveLength(2)
    const { producer } = client.unwrap()
    expect(await producer.send({ topic: 'a', body: 'native' })).toMatchObject({ status: 'SEND_OK' })
    await client.close('SIGTERM')
    await client.close()
    await expect(client.publish('a', 3)).rejects.toMatchObject({ code: 'CLOSED' })
    expect(seen).toEqual(['connecting', 'disconnected', 'connecting', 'connected', 'closed'])
  })

  test('without an address the error names the option and the environment variable', async () => {
    const client = new ClientRocketMQ()
    await expect(client.connect()).rejects.toThrow('ROCKETMQ_NAMESRV_ADDR')
  })
})
