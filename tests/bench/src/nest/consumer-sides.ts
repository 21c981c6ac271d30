import 'reflect-metadata'
import { connect } from '@nats-io/transport-node'
import { Controller, Module } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import {
  type CustomStrategy,
  EventPattern,
  type MicroserviceOptions,
  Payload,
  Transport,
} from '@nestjs/microservices'
import { PushConsumer } from '@rockhopper/client'
import { RocketMQEvent, ServerRocketMQ } from '@rockhopper/nestjs'
import { connect as connectAmqp } from 'amqplib'
import { Redis } from 'ioredis'
import { Kafka, logLevel } from 'kafkajs'

export interface ConsumeTask {
  readonly side: SideName
  /** Of the name server, or of the broker. */
  readonly address: string
  readonly topic: string
  /** One that never consumed: it begins at the first message. */
  readonly group: string
  readonly warmUp: number
  readonly count: number
}

export type SideName = keyof typeof SIDES
type Handle = (order: { readonly id: string }) => void
type Stop = () => Promise<void>
type Side = (task: ConsumeTask, handle: Handle) => Promise<Stop>

/**
 * Consumers with the same handler: of each broker its plain client, and a NestJS transport. All are at their
 * defaults, but for the first offset.
 */
export const SIDES = {
  'rockhopper plain': rocketMQPlain,
  'rockhopper nest': rocketMQNest,
  'kafka plain': kafkaPlain,
  'kafka nest': kafkaNest,
  'nats plain': natsPlain,
  'nats nest': natsNest,
  'rabbitmq plain': rabbitMQPlain,
  'rabbitmq nest': rabbitMQNest,
  'redis plain': redisPlain,
  'redis nest': redisNest,
} as const satisfies Readonly<Record<string, Side>>

async function rocketMQPlain({ address, topic, group }: ConsumeTask, handle: Handle): Promise<Stop> {
  const consumer = new PushConsumer({
    namesrvAddr: address,
    consumerGroup: group,
    consumeFromWhere: 'CONSUME_FROM_FIRST_OFFSET',
  })
  consumer.subscribe(topic)
  await consumer.start(async (messages) => {
    for (const { body } of messages) handle(JSON.parse(body.toString()) as { id: string })
  })
  return () => consumer.shutdown()
}

function rocketMQNest({ address, topic, group }: ConsumeTask, handle: Handle): Promise<Stop> {
  const strategy = new ServerRocketMQ({ namesrvAddr: address, consumerGroup: group, from: 'first' })
  return microservice({ strategy }, RocketMQEvent(topic), handle)
}

async function kafkaPlain({ address, topic, group }: ConsumeTask, handle: Handle): Promise<Stop> {
  const kafka = new Kafka({ brokers: [address], logLevel: logLevel.NOTHING })
  const consumer = kafka.consumer({ groupId: group })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  await consumer.run({
    eachMessage: async ({ message }) => handle(JSON.parse(String(message.value)) as { id: string }),
  })
  return () => consumer.disconnect()
}

function kafkaNest({ address, topic, group }: ConsumeTask, handle: Handle): Promise<Stop> {
  const options = {
    client: { brokers: [address], logLevel: logLevel.NOTHING },
    consumer: { groupId: group },
    subscribe: { fromBeginning: true },
  }
  return microservice({ transport: Transport.KAFKA, options }, EventPattern<string>(topic), handle)
}

/** Nest's messages are `{ pattern, data }` there. */
async function natsPlain({ address, topic }: ConsumeTask, handle: Handle): Promise<Stop> {
  const connection = await connect({ servers: address })
  connection.subscribe(topic, {
    callback: (_error, message) => handle(message.json<{ data: { id: string } }>().data),
  })
  await connection.flush()
  return () => connection.close()
}

function natsNest({ address, topic }: ConsumeTask, handle: Handle): Promise<Stop> {
  const options = { servers: [address] }
  return microservice({ transport: Transport.NATS, options }, EventPattern<string>(topic), handle)
}

/** Without acknowledgements, which is the default of Nest's transport. */
async function rabbitMQPlain({ address, topic }: ConsumeTask, handle: Handle): Promise<Stop> {
  const connection = await connectAmqp(address)
  const channel = await connection.createChannel()
  await channel.assertQueue(topic)
  const take = (message: { readonly content: Buffer } | null) => {
    if (message !== null) handle((JSON.parse(message.content.toString()) as { data: { id: string } }).data)
  }
  await channel.consume(topic, take, { noAck: true })
  return () => connection.close()
}

function rabbitMQNest({ address, topic }: ConsumeTask, handle: Handle): Promise<Stop> {
  const options = { urls: [address], queue: topic }
  return microservice({ transport: Transport.RMQ, options }, EventPattern<string>(topic), handle)
}

async function redisPlain({ address, topic }: ConsumeTask, handle: Handle): Promise<Stop> {
  const client = new Redis(hostAndPort(address))
  client.on('message', (_channel, text: string) =>
    handle((JSON.parse(text) as { data: { id: string } }).data),
  )
  await client.subscribe(topic)
  return async () => void (await client.quit())
}

function redisNest({ address, topic }: ConsumeTask, handle: Handle): Promise<Stop> {
  const options = hostAndPort(address)
  return microservice({ transport: Transport.REDIS, options }, EventPattern<string>(topic), handle)
}

function hostAndPort(address: string): { readonly host: string; readonly port: number } {
  const [host = '', port = ''] = address.split(':')
  return { host, port: Number(port) }
}

/** A controller with one handler; decorators are called as functions, for there are none in tests. */
async function microservice(
  options: MicroserviceOptions | CustomStrategy,
  pattern: MethodDecorator,
  handle: Handle,
): Promise<Stop> {
  class Orders {
    handle(order: { readonly id: string }): void {
      handle(order)
    }
  }
  const method = Object.getOwnPropertyDescriptor(Orders.prototype, 'handle') as PropertyDescriptor
  pattern(Orders.prototype, 'handle', method)
  Payload()(Orders.prototype, 'handle', 0)
  Controller()(Orders)
  class BenchModule {}
  Module({ controllers: [Orders] })(BenchModule)
  const app = await NestFactory.createMicroservice<MicroserviceOptions>(BenchModule, {
    ...options,
    logger: ['error', 'warn'],
  })
  await app.listen()
  return () => app.close()
}
