import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { Controller } from '@nestjs/common'
import { Test } from '@nestjs/testing'
import { EmbeddedRocketMQ } from '@rockhopper/embedded'
import { RocketMQEvent, ServerRocketMQ } from '@rockhopper/nestjs'
import { silent, until } from './service.fixture.js'

const seen: number[] = []

@Controller()
class Orders {
  @RocketMQEvent('order_topic')
  handle(n: number): void {
    seen.push(n)
  }
}

async function member(namesrvAddr: string) {
  const strategy = new ServerRocketMQ({ namesrvAddr, consumerGroup: 'status' })
  const statuses: string[] = []
  strategy.status.subscribe((status) => statuses.push(status))
  const module = await Test.createTestingModule({ controllers: [Orders] })
    .setLogger(silent)
    .compile()
  const app = module.createNestMicroservice({ strategy })
  await app.listen()
  return { strategy, statuses, app }
}

// B5
test('status tells of rebalances, of a broker that goes down and of its return', async () => {
  const storeDir = mkdtempSync(join(tmpdir(), 'rockhopper-status-'))
  const first = await EmbeddedRocketMQ.start({ topics: ['order_topic'], storeDir })
  const namesrvAddr = first.nameserverAddress
  const one = await member(namesrvAddr)
  await until('the first member has its queues', () => one.statuses.at(-1) === 'connected')
  expect(one.statuses).toEqual(['connecting', 'connected', 'rebalancing', 'connected'])

  const sinceLastPoll = () => one.strategy.groups()[0]?.sinceLastPollMs
  expect(sinceLastPoll()).toBeLessThan(60_000)
  one.strategy.pause('status')
  expect(sinceLastPoll()).toBeUndefined()
  await one.strategy.resume('status')
  expect(sinceLastPoll()).toBeGreaterThanOrEqual(0)

  const two = await member(namesrvAddr)
  const movedSince = (count: number) => () =>
    one.statuses.indexOf('rebalancing', count) >= 0 && one.statuses.at(-1) === 'connected'
  await until('half of the queues moved', movedSince(4))
  const before = one.statuses.length
  await two.app.close()
  await until('they came back', movedSince(before))

  const links = one.statuses.length
  const restored: string[] = []
  one.strategy.on('connectionRestored', ({ owner }) => restored.push(owner))
  const portOf = (address: string) => Number(address.split(':')[1])
  const ports = { brokerPort: portOf(first.brokerAddress), nameserverPort: portOf(namesrvAddr) }
  await first.stop()
  await until('the broker is missed', () => one.statuses.at(-1) === 'reconnecting')
  expect(one.statuses.slice(links)).toEqual(['disconnected', 'reconnecting'])
  const second = await EmbeddedRocketMQ.start({ storeDir, ...ports })
  await until('the broker is found again', () => one.statuses.at(-1) === 'connected')
  await until('the consumer has it, too', () => restored.includes('status'))
  await one.app.close()
  expect(one.statuses.slice(-2)).toEqual(['draining', 'closed'])
  await second.stop()
  rmSync(storeDir, { recursive: true, force: true })
}, 60_000)
