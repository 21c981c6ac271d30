import 'reflect-metadata'
import { Controller, Module } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { Ctx, Payload } from '@nestjs/microservices'
import { Admin } from '@rockhopper/client'
import {
  ClientRocketMQ,
  type RocketMQContext,
  RocketMQEvent,
  RocketMQMessage,
  ServerRocketMQ,
  type TransactionCheck,
} from '@rockhopper/nestjs'
import { runSpringBridge } from '../clients.js'
import type { Cluster } from '../cluster.js'
import type { Program } from '../program.js'

const TOPICS = ['nest_topic', 'nest_quote', 'spring_topic', 'spring_quote']

interface Order {
  readonly id: string
  readonly amount: number
}

/** A Nest service and a Spring one at the same cluster. */
export interface Neighbours extends AsyncDisposable {
  readonly spring: Program
  readonly client: ClientRocketMQ
  /** What the handlers of the Nest service got. */
  readonly seen: readonly object[]
  /** Keys of the transactions that a broker asked about. */
  readonly asked: readonly string[]
}

export async function startNeighbours(cluster: Cluster): Promise<Neighbours> {
  const namesrvAddr = cluster.nameserver
  await createTopics(namesrvAddr)
  const spring = await runSpringBridge(namesrvAddr)
  const seen: object[] = []
  const strategy = new ServerRocketMQ({ namesrvAddr, consumerGroup: 'nest', from: 'first' })
  const nest = await NestFactory.createMicroservice(serviceThatNotes(seen), { strategy, logger: false })
  await nest.listen()
  const asked: string[] = []
  const check: TransactionCheck = async ({ keys }) => {
    asked.push(...keys)
    return 'COMMIT_MESSAGE'
  }
  const transactions = { producerGroup: 'nest_tx', topics: ['nest_topic'], check }
  const client = new ClientRocketMQ({ namesrvAddr, requestTimeoutMs: 30_000, transactions })
  await spring.until(({ event }) => event === 'ready')
  return {
    spring,
    client,
    seen,
    asked,
    async [Symbol.asyncDispose]() {
      await client.close()
      await nest.close()
      await spring.kill('SIGKILL')
    },
  }
}

function serviceThatNotes(seen: object[]) {
  @Controller()
  class Orders {
    @RocketMQEvent('nest_topic:plain')
    plain(@Payload() order: Order): void {
      seen.push(order)
    }

    @RocketMQEvent('nest_topic:rich')
    rich(@Payload() order: Order, @Ctx() context: RocketMQContext): void {
      const tenant = context.getProperty('tenant')
      seen.push({ ...order, tenant, keys: context.getKeys(), messageId: context.getMessageId() })
    }

    @RocketMQMessage('nest_quote:ask')
    quote(@Payload() { id, amount }: Order) {
      return { id, price: amount * 2 }
    }
  }

  @Module({ controllers: [Orders] })
  class Service {}
  return Service
}

/** Consumers that are there before the first message do not wait for a route. */
async function createTopics(namesrvAddr: string): Promise<void> {
  const admin = new Admin({ namesrvAddr })
  await admin.start()
  for (const topic of TOPICS) await admin.createTopic(topic, { queues: 2 })
  await admin.shutdown()
}
