// Every process of a service gets every message, where processes of an ordinary group share them.
import 'reflect-metadata'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Controller, type DynamicModule, type INestApplication, Inject, Module } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { Payload } from '@nestjs/microservices'
import {
  ClientRocketMQ,
  connectRocketMQ,
  RocketMQEvent,
  RocketMQModule,
  ServerRocketMQ,
} from '@rockhopper/nestjs'
import { EmbeddedRocketMQ } from '@rockhopper/testing'
import { waitForConsumption } from '@rockhopper/testing/nest'

const mq = await EmbeddedRocketMQ.start({ topics: ['price_topic'] })
const offsetStoreDir = mkdtempSync(join(tmpdir(), 'example-broadcast-'))
const seen: string[] = []

@Controller()
class PriceCache {
  constructor(@Inject('INSTANCE') private readonly instance: string) {}

  @RocketMQEvent('price_topic', { broadcast: true })
  update(@Payload() { sku, price }: { sku: string; price: number }): void {
    seen.push(`${this.instance}: ${sku} costs ${price}`)
  }
}

@Module({})
class CacheModule {
  /** Each instance keeps its own offsets, in a file under its name. */
  static of(instanceName: string): DynamicModule {
    const server = { consumerGroup: 'price_cache', instanceName, offsetStoreDir }
    return {
      module: CacheModule,
      imports: [RocketMQModule.forRoot({ namesrvAddr: mq.nameserverAddress, server })],
      controllers: [PriceCache],
      providers: [{ provide: 'INSTANCE', useValue: instanceName }],
    }
  }
}

async function start(instanceName: string): Promise<INestApplication> {
  const app = await NestFactory.create(CacheModule.of(instanceName), { logger: ['error', 'warn'] })
  connectRocketMQ(app)
  await app.startAllMicroservices()
  return app.init()
}

const apps = [await start('instance-1'), await start('instance-2')]
const handled = apps.map((app) => waitForConsumption(app.get(ServerRocketMQ), { count: 2 }))
await apps[0]?.get(ClientRocketMQ).publish('price_topic', { sku: 'coffee', price: 3 })
await apps[0]?.get(ClientRocketMQ).publish('price_topic', { sku: 'tea', price: 5 })
await Promise.all(handled)
for (const line of seen.sort()) console.log(line)

await Promise.all(apps.map((app) => app.close()))
await mq.stop()
rmSync(offsetStoreDir, { recursive: true })
