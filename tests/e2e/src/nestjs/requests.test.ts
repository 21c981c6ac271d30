import { describe, expect, test } from '@jest/globals'
import { Controller } from '@nestjs/common'
import { MessagePattern, Payload, RpcException } from '@nestjs/microservices'
import { RocketMQRemoteError } from '@rockhopper/nestjs'
import {
  concat,
  defer,
  firstValueFrom,
  lastValueFrom,
  type Observable,
  range,
  tap,
  throwError,
  timeout,
} from 'rxjs'
import { deferred, startService } from './service.fixture.js'

const release = deferred()
let quotes = 0

@Controller()
class Inventory {
  @MessagePattern('inventory.quote')
  async quote(@Payload() { sku }: { sku: string }): Promise<object> {
    quotes++
    if (sku === 'slow') await release.promise
    if (sku === 'unknown')
      throw new RpcException({ code: 'NO_SUCH_SKU', message: `no ${sku}`, details: { sku } })
    return { sku, price: 5 }
  }
}

@Controller()
class Counting {
  @MessagePattern('counting.up')
  up(@Payload() to: number): Observable<number> {
    return concat(
      range(1, to),
      defer(() => throwError(() => new RpcException('no further'))),
    )
  }
}

describe('requests through a real broker', () => {
  // B17
  test('a stream of replies arrives value by value, in order, and its error behind them', async () => {
    const { client, close } = await startService(['counting'], [Counting])
    const seen: number[] = []
    const counted = lastValueFrom(client.send<number>('counting.up', 300).pipe(tap((n) => seen.push(n))))
    await expect(counted).rejects.toThrow('no further')
    expect(seen).toEqual(Array.from({ length: 300 }, (_, n) => n + 1))
    await close()
  })

  test('answers, errors and timeouts come back to the one who asked', async () => {
    const { client, close } = await startService(['inventory'], [Inventory])
    expect(await firstValueFrom(client.send('inventory.quote', { sku: 'tea' }))).toEqual({
      sku: 'tea',
      price: 5,
    })
    const many = Array.from({ length: 20 }, (_, n) => client.request('inventory.quote', { sku: `s${n}` }))
    expect(await Promise.all(many)).toEqual(
      Array.from({ length: 20 }, (_, n) => ({ sku: `s${n}`, price: 5 })),
    )

    const refused = await client
      .request('inventory.quote', { sku: 'unknown' })
      .catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(RocketMQRemoteError)
    expect(refused).toMatchObject({ code: 'NO_SUCH_SKU', message: 'no unknown', details: { sku: 'unknown' } })

    const asked = quotes
    const late = client.request('inventory.quote', { sku: 'slow' }, { timeoutMs: 300 })
    await expect(late).rejects.toMatchObject({ code: 'REPLY_TIMEOUT' })
    const cold = client.send('inventory.quote', { sku: 'slow' }).pipe(timeout(300))
    await expect(firstValueFrom(cold)).rejects.toThrow('Timeout')
    // Late answers find nobody, and disturb nobody.
    release.resolve()
    expect(await client.request('inventory.quote', { sku: 'after' })).toEqual({ sku: 'after', price: 5 })
    expect(quotes).toBe(asked + 3)
    await close()
  })
})
