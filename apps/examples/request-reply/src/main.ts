// A question and its answer through the broker: a value, an error, a stream of values.
import 'reflect-metadata'
import { Controller, Module } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { Payload, RpcException } from '@nestjs/microservices'
import {
  ClientRocketMQ,
  connectRocketMQ,
  RocketMQMessage,
  RocketMQModule,
  type RocketMQRemoteError,
} from '@rockhopper/nestjs'
import { EmbeddedRocketMQ } from '@rockhopper/testing'
import { lastValueFrom, type Observable, range, toArray } from 'rxjs'

const PRICES: Readonly<Record<string, number>> = { tea: 5, coffee: 3 }

const mq = await EmbeddedRocketMQ.start({ topics: ['inventory', 'counting'] })

@Controller()
class Inventory {
  @RocketMQMessage('inventory.quote')
  quote(@Payload() { sku }: { sku: string }): { sku: string; price: number } {
    const price = PRICES[sku]
    if (price === undefined) throw new RpcException({ code: 'NO_SUCH_SKU', message: `no ${sku} here` })
    return { sku, price }
  }

  @RocketMQMessage('counting.up')
  count(@Payload() to: number): Observable<number> {
    return range(1, to)
  }
}

@Module({
  imports: [
    RocketMQModule.forRoot({ namesrvAddr: mq.nameserverAddress, server: { consumerGroup: 'inventory' } }),
  ],
  controllers: [Inventory],
})
class ShopModule {}

const app = await NestFactory.create(ShopModule, { logger: ['error', 'warn'] })
connectRocketMQ(app)
await app.startAllMicroservices()
await app.init()

const client = app.get(ClientRocketMQ)
console.log('quote:', await client.request('inventory.quote', { sku: 'tea' }, { timeoutMs: 3_000 }))
await client.request('inventory.quote', { sku: 'gold' }).catch((error: RocketMQRemoteError) => {
  console.log(`refused: ${error.code}, ${error.message}`)
})
console.log('stream:', await lastValueFrom(client.send<number>('counting.up', 3).pipe(toArray())))

await app.close()
await mq.stop()
