import { expect, test } from '@jest/globals'
import { Controller } from '@nestjs/common'
import { Payload } from '@nestjs/microservices'
import { RocketMQEvent, RocketMQRecordBuilder } from '@rockhopper/nestjs'
import { startService, until } from './service.fixture.js'

// B9
test('handlers with an SQL92 expression, in the pattern or as filter, get what it chooses', async () => {
  const seen: string[] = []
  @Controller()
  class Audit {
    @RocketMQEvent({ topic: 'large_orders', sql: "amount > 100 AND region = 'eu'" })
    large(@Payload() { id }: { readonly id: number }): void {
      seen.push(`large ${id}`)
    }

    @RocketMQEvent('small_orders', { filter: { sql: 'amount <= 100' } })
    small(@Payload() { id }: { readonly id: number }): void {
      seen.push(`small ${id}`)
    }
  }
  const service = await startService(
    ['large_orders', 'small_orders'],
    [Audit],
    {},
    { enablePropertyFilter: true },
  )
  for (const topic of ['large_orders', 'small_orders']) {
    for (const [id, amount, region] of [
      [1, '50', 'eu'],
      [2, '150', 'us'],
      [3, '150', 'eu'],
      [4, '90', 'us'],
    ] as const) {
      const record = new RocketMQRecordBuilder({ id }).setProperties({ amount, region }).build()
      await service.client.publish(topic, record)
    }
  }
  await until('what both choose', () => seen.length >= 3)
  expect(seen.sort()).toEqual(['large 3', 'small 1', 'small 4'])
  await service.close()
})

test('a service whose expression the broker does not serve does not start, and is told why', async () => {
  @Controller()
  class Wrong {
    @RocketMQEvent({ topic: 'large_orders', sql: 'amount > ' })
    handle(): void {}
  }
  const starting = (config: object) => startService(['large_orders'], [Wrong], {}, config)
  await expect(starting({ enablePropertyFilter: true })).rejects.toThrow(/large_orders.*at position 8/)
  await expect(starting({})).rejects.toThrow(/enablePropertyFilter=true/)
})
