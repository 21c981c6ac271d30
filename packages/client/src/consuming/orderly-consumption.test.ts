import { describe, expect, test } from '@jest/globals'
import { Deadlines } from '@rockhopper/env'
import { MqError } from '@rockhopper/message'
import { ClientHooks } from '../client-hook.js'
import type { MessageListener } from '../listener.js'
import { QUEUE, viewAt } from '../message-view.fixture.js'
import { SILENT, settle, VirtualClock } from '../virtual-clock.fixture.js'
import { OrderlyConsumption } from './orderly-consumption.js'
import { ProcessQueue } from './process-queue.js'
import { QueueLocks } from './queue-locks.js'
import { Turns } from './turns.js'

async function consumerOf(listener: MessageListener, maxReconsumeTimes = 2) {
  const clock = new VirtualClock()
  const locks = new QueueLocks(clock, SILENT, { lock: async (_, queues) => queues, unlock: async () => {} })
  await locks.lock(QUEUE)
  const queue = new ProcessQueue(QUEUE, 0, {
    messagesMax: 1_000,
    bytesMax: 1e9,
    spanMax: Number.POSITIVE_INFINITY,
  })
  const offsets: number[] = []
  const dead: string[] = []
  const lost: ProcessQueue[] = []
  const consumption = new OrderlyConsumption({
    clock,
    log: SILENT,
    consumerGroup: 'g',
    hooks: new ClientHooks(SILENT, []),
    listener,
    consumeTimeoutMs: 900_000,
    suspendCurrentQueueTimeMs: 1_000,
    deadlines: new Deadlines(clock),
    shutdown: new AbortController().signal,
    turns: new Turns(20),
    batchSizeMax: 1,
    broadcasting: false,
    maxReconsumeTimes,
    sendBack: async (message, delayLevel) => {
      if (delayLevel === -1) dead.push(message.messageId)
    },
    moveOffset: (_, offset) => offsets.push(offset),
    holdsLock: (processQueue) => locks.holds(processQueue),
    lockLost: (processQueue) => {
      lost.push(processQueue)
      processQueue.drop()
    },
  })
  const submit = (count: number, problem?: Error) => {
    const from = queue.nextOffset
    const pulled = Array.from({ length: count }, (_, at) => ({
      message: viewAt(from + at),
      ...(problem === undefined ? {} : { problem }),
    }))
    queue.put(pulled, from + count)
    consumption.submit(queue)
  }
  return { clock, locks, queue, offsets, dead, lost, consumption, submit }
}

describe('orderly consumption', () => {
  test('one call at a time, in queue order, over several submits', async () => {
    const seen: number[] = []
    let running = 0
    const consumer = await consumerOf(async (messages) => {
      expect(++running).toBe(1)
      await settle()
      seen.push(messages[0]?.queueOffset ?? -1)
      running--
    })
    consumer.submit(3)
    await settle()
    consumer.submit(3)
    await consumer.consumption.quiet(consumer.queue)
    expect(seen).toEqual([0, 1, 2, 3, 4, 5])
    expect(consumer.offsets.at(-1)).toBe(6)
  })

  test('messages that arrive when the worker just ended are not forgotten', async () => {
    const seen: number[] = []
    const consumer = await consumerOf((messages) => {
      seen.push(messages[0]?.queueOffset ?? -1)
    })
    for (let round = 0; round < 20; round++) {
      consumer.submit(1)
      for (let turn = 0; turn < round; turn++) await Promise.resolve()
    }
    await settle()
    await consumer.consumption.quiet(consumer.queue)
    expect(seen).toEqual(Array.from({ length: 20 }, (_, at) => at))
  })

  test('a failure is tried again in place while the others wait, and the limit dead-letters it', async () => {
    const seen: string[] = []
    const consumer = await consumerOf((messages) => {
      const [message] = messages
      seen.push(`${message?.queueOffset}/${message?.reconsumeTimes}`)
      if (message?.queueOffset === 0) throw new Error('no')
    })
    consumer.submit(2)
    await consumer.clock.advance(999)
    expect(seen).toEqual(['0/0'])
    await consumer.clock.advance(1_001)
    await consumer.consumption.quiet(consumer.queue)
    expect(seen).toEqual(['0/0', '0/1', '0/2', '1/0'])
    expect(consumer.dead).toEqual(['id-0'])
    expect(consumer.offsets.at(-1)).toBe(2)
  })

  test('a negative level dead-letters at once, and the queue goes on', async () => {
    const seen: string[] = []
    const consumer = await consumerOf((messages, context) => {
      seen.push(`${messages[0]?.queueOffset}/${messages[0]?.reconsumeTimes}`)
      if (messages[0]?.queueOffset !== 0) return 'CONSUME_SUCCESS'
      context.delayLevelWhenNextConsume = -1
      return 'RECONSUME_LATER'
    })
    consumer.submit(2)
    await consumer.consumption.quiet(consumer.queue)
    expect(seen).toEqual(['0/0', '1/0'])
    expect(consumer.dead).toEqual(['id-0'])
    expect(consumer.offsets.at(-1)).toBe(2)
  })

  // R29
  test('a result under a lock that is too old moves no offset, and the queue is given up', async () => {
    let end: () => void = () => {}
    const consumer = await consumerOf(
      () =>
        new Promise<void>((resolve) => {
          end = resolve
        }),
    )
    consumer.submit(1)
    await settle()
    await consumer.clock.advance(30_000)
    end()
    await consumer.consumption.quiet(consumer.queue)
    expect(consumer.offsets).toEqual([])
    expect(consumer.lost).toEqual([consumer.queue])
  })

  test('a lock renewed in time keeps the result', async () => {
    let end: () => void = () => {}
    const consumer = await consumerOf(
      () =>
        new Promise<void>((resolve) => {
          end = resolve
        }),
    )
    consumer.submit(1)
    await consumer.clock.advance(20_000)
    await consumer.locks.renew([QUEUE])
    await consumer.clock.advance(20_000)
    end()
    await consumer.consumption.quiet(consumer.queue)
    expect(consumer.offsets).toEqual([1])
  })

  test('a body that cannot be read is dead-lettered instead of stopping the queue', async () => {
    const consumer = await consumerOf(() => {
      throw new Error('called')
    }, Number.POSITIVE_INFINITY)
    consumer.submit(1, new MqError('COMPRESSION_UNSUPPORTED', 'Reading'))
    await consumer.consumption.quiet(consumer.queue)
    expect(consumer.dead).toEqual(['id-0'])
    expect(consumer.offsets).toEqual([1])
  })
})
