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

describe('a start without servers', () => {
  test('is an error that names them, and works when they are there', async () => {
    const gone = await EmbeddedRocketMQ.start()
    const namesrvAddr = gone.nameserverAddress
    await gone.stop()
    const inbox = new Inbox()
    const consumer = new PushConsumer({ namesrvAddr, consumerGroup: 'consumers' })
    consumer.subscribe('T')
    const started = consumer.start(inbox.listener)
    await expect(started).rejects.toMatchObject({ code: 'NAME_SERVER_UNREACHABLE' })
    await expect(started).rejects.toThrow(namesrvAddr)
    const mq = await EmbeddedRocketMQ.start({ nameserverPort: portOf(namesrvAddr), topics: ['T'] })
    const startedAt = performance.now()
    for (;;) {
      try {
        await consumer.start(inbox.listener)
        break
      } catch (error) {
        if (performance.now() - startedAt > 10_000) throw error
        await new Promise((resolve) => setImmediate(resolve))
      }
    }
    await consumer.ready()
    await expect(consumer.start(inbox.listener)).rejects.toMatchObject({ code: 'ALREADY_STARTED' })
    await consumer.shutdown()
    await expect(consumer.start(inbox.listener)).rejects.toMatchObject({ code: 'CLOSED' })
    await mq.stop()
  })
})
