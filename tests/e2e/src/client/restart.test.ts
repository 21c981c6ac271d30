import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { Producer, PushConsumer } from '@rockhopper/client'
import { EmbeddedRocketMQ } from '@rockhopper/embedded'
import { Inbox } from './inbox.fixture.js'

const portOf = (address: string) => Number(address.split(':')[1])

describe('restart', () => {
  test('clients find a server that went away and came back, nothing acknowledged is lost', async () => {
    const storeDir = mkdtempSync(join(tmpdir(), 'rockhopper-e2e-'))
    const first = await EmbeddedRocketMQ.start({ storeDir, topics: ['T'] })
    const namesrvAddr = first.nameserverAddress
    const ports = { nameserverPort: portOf(namesrvAddr), brokerPort: portOf(first.brokerAddress) }
    const producer = new Producer({ namesrvAddr, producerGroup: 'producers' })
    const consumer = new PushConsumer({
      namesrvAddr,
      consumerGroup: 'consumers',
      pullTimeDelayMsWhenException: 100,
    })
    const inbox = new Inbox()
    consumer.subscribe('T')
    await producer.start()
    await consumer.start(inbox.listener)
    await consumer.ready()
    await producer.send({ topic: 'T', body: 'before' })
    await inbox.count(1)

    await first.stop()
    await expect(producer.send({ topic: 'T', body: 'lost' }, { timeoutMs: 500 })).rejects.toMatchObject({
      code: 'SEND_FAILED',
    })
    const second = await EmbeddedRocketMQ.start({ storeDir, ...ports })
    const sendUntilTaken = async (body: string): Promise<void> => {
      const startedAt = performance.now()
      for (;;) {
        try {
          await producer.send({ topic: 'T', body })
          return
        } catch (error) {
          if (performance.now() - startedAt > 15_000) throw error
        }
      }
    }
    await sendUntilTaken('behind')
    await inbox.until('what was sent behind it', () => inbox.bodies().includes('behind'))
    await consumer.shutdown()
    await producer.shutdown()
    await second.stop()
    rmSync(storeDir, { recursive: true })
    expect(inbox.bodies()).toEqual(['before', 'behind'])
  })
})
