import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { Controller } from '@nestjs/common'
import { Ctx, Payload } from '@nestjs/microservices'
import { Test } from '@nestjs/testing'
import { Producer } from '@rockhopper/client'
import { EmbeddedRocketMQ } from '@rockhopper/embedded'
import { type NativeConsumer, RocketMQContext, RocketMQEvent, ServerRocketMQ } from '@rockhopper/nestjs'
import { deferred, silent, startService, until } from './service.fixture.js'

const COUNT = 12
const WINDOW_MS = 200
const all = Array.from({ length: COUNT }, (_, n) => n)

const seen = new Map<unknown, number[]>()
const see = (who: unknown, n: number) => void seen.set(who, [...(seen.get(who) ?? []), n])
const sorted = (who: unknown) => [...(seen.get(who) ?? [])].sort((a, b) => a - b)
const three = deferred()
const begun: number[] = []
let running = 0
let most = 0

@Controller()
class Options {
  @RocketMQEvent('order_topic', { group: 'first', from: 'first' })
  first(@Payload() n: number): void {
    see('first', n)
  }

  @RocketMQEvent('order_topic', { group: 'three', from: 'first', concurrency: 3 })
  async three(@Payload() n: number): Promise<void> {
    most = Math.max(most, ++running)
    if (running === 3) three.resolve()
    await three.promise
    // Time for a fourth one to begin, if it may.
    await new Promise((resolve) => setTimeout(resolve, 20))
    running--
    see('three', n)
  }

  @RocketMQEvent('order_topic', { group: 'slow', from: 'first', rateLimit: { count: 4, perMs: WINDOW_MS } })
  slow(@Payload() n: number): void {
    begun.push(performance.now())
    see('slow', n)
  }

  @RocketMQEvent('order_topic', { group: 'odd', from: 'first', filter: 'odd||none' })
  odd(@Payload() n: number): void {
    see('odd', n)
  }
}

// B11
test('concurrency, rate limit, tags and the first message of a handler hold at a broker', async () => {
  await using mq = await EmbeddedRocketMQ.start({ topics: ['order_topic'] })
  const namesrvAddr = mq.nameserverAddress
  const producer = new Producer({ namesrvAddr, producerGroup: 'options' })
  await producer.start()
  const send = (n: number) =>
    producer.send({ topic: 'order_topic', body: String(n), tag: n % 2 === 1 ? 'odd' : 'even' })
  for (const n of all) await send(n)
  const strategy = new ServerRocketMQ({ namesrvAddr })
  const module = await Test.createTestingModule({ controllers: [Options] })
    .setLogger(silent)
    .compile()
  const app = module.createNestMicroservice({ strategy })
  await app.listen()
  for (const group of ['first', 'three', 'slow']) {
    await until(`group ${group} has all`, () => seen.get(group)?.length === COUNT)
    expect(sorted(group)).toEqual(all)
  }
  await until('the odd ones', () => seen.get('odd')?.length === COUNT / 2)
  expect(most).toBe(3)
  // Of each five that follow one another the last began a window after the first, but for a timer's ms.
  const windows = begun.slice(4).map((at, n) => at - (begun[n] ?? 0))
  expect(Math.min(...windows)).toBeGreaterThan(WINDOW_MS - 10)
  expect(sorted('odd')).toEqual(all.filter((n) => n % 2 === 1))
  await app.close()
  await producer.shutdown()
}, 60_000)

@Controller()
class Everybody {
  @RocketMQEvent('news_topic', { broadcast: true })
  read(@Payload() n: number, @Ctx() context: RocketMQContext): void {
    see(context.getConsumer(), n)
  }
}

// B11
test('each member of a broadcast group has every message', async () => {
  const offsetStoreDir = mkdtempSync(join(tmpdir(), 'rockhopper-options-'))
  const options = { offsetStoreDir, from: 'first' } as const
  const service = await startService(['news_topic'], [Everybody], { ...options, instanceName: 'one' })
  const two = await service.start({ instanceName: 'two' })
  const members = [service, two].map(({ strategy }) => {
    return strategy.unwrap<{ consumers: Map<string, NativeConsumer> }>().consumers.get('e2e')
  })
  for (const n of all) await service.client.publish('news_topic', n)
  for (const member of members) {
    await until('a member has all', () => seen.get(member)?.length === COUNT)
    expect(sorted(member)).toEqual(all)
  }
  await two.close()
  await service.close()
  rmSync(offsetStoreDir, { recursive: true, force: true })
}, 60_000)
