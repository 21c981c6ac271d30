import { describe, expect, test } from '@jest/globals'
import { Deadlines } from '@rockhopper/env'
import { MqError } from '@rockhopper/message'
import { ClientHooks } from '../client-hook.js'
import type { ConsumeResult, MessageListener } from '../listener.js'
import { QUEUE, viewAt } from '../message-view.fixture.js'
import { SILENT, settle, VirtualClock } from '../virtual-clock.fixture.js'
import { ConcurrentConsumption } from './concurrent-consumption.js'
import { ProcessQueue } from './process-queue.js'
import { Turns } from './turns.js'

/** A broker that takes messages back, or does not. */
class Retries {
  readonly taken: { readonly id: string; readonly delayLevel: number }[] = []
  down = false

  async take(id: string, delayLevel: number): Promise<void> {
    if (this.down) throw new MqError('CONNECT_FAILED', 'Giving back')
    this.taken.push({ id, delayLevel })
  }
}

function consumerOf(
  listener: MessageListener,
  options: { threads?: number; batch?: number; broadcasting?: boolean } = {},
) {
  const clock = new VirtualClock()
  const retries = new Retries()
  const shutdown = new AbortController()
  const turns = new Turns(options.threads ?? 20)
  const queue = new ProcessQueue(QUEUE, 0, { messagesMax: 1_000, bytesMax: 1e9, spanMax: 2_000 })
  const offsets: number[] = []
  const consumption = new ConcurrentConsumption({
    clock,
    log: SILENT,
    consumerGroup: 'g',
    hooks: new ClientHooks(SILENT, []),
    listener,
    consumeTimeoutMs: 900_000,
    suspendCurrentQueueTimeMs: 1_000,
    deadlines: new Deadlines(clock),
    shutdown: shutdown.signal,
    turns,
    batchSizeMax: options.batch ?? 1,
    broadcasting: options.broadcasting ?? false,
    sendBack: (message, delayLevel) => retries.take(message.messageId, delayLevel),
    moveOffset: (_, offset) => offsets.push(offset),
  })
  const submit = (count: number, problem?: Error) => {
    const from = queue.nextOffset
    const pulled = Array.from({ length: count }, (_, at) => ({
      message: viewAt(from + at),
      ...(problem === undefined ? {} : { problem }),
    }))
    consumption.submit(queue, queue.put(pulled, from + count))
  }
  return { clock, retries, queue, offsets, consumption, submit, turns, shutdown }
}

describe('concurrent consumption', () => {
  // R28
  test('the offset moves only after the listener ended', async () => {
    let end: () => void = () => {}
    const consumer = consumerOf(
      () =>
        new Promise<void>((resolve) => {
          end = resolve
        }),
    )
    consumer.submit(1)
    await settle()
    expect(consumer.offsets).toEqual([])
    end()
    await consumer.consumption.quiet(consumer.queue)
    expect(consumer.offsets).toEqual([1])
    expect(consumer.clock.pending).toBe(0)
  })

  test.each<[string, MessageListener]>([
    [
      'a throw',
      () => {
        throw new Error('no')
      },
    ],
    ['a rejection', () => Promise.reject(new Error('no'))],
    ['RECONSUME_LATER', () => 'RECONSUME_LATER'],
  ])('%s gives the message back, and then the offset passes it', async (_, listener) => {
    const consumer = consumerOf(listener)
    consumer.submit(1)
    await consumer.consumption.quiet(consumer.queue)
    expect(consumer.retries.taken).toEqual([{ id: 'id-0', delayLevel: 0 }])
    expect(consumer.offsets).toEqual([1])
  })

  // R28
  test('a promise that never settles is given back at level 3 and frees its turn', async () => {
    const signals: AbortSignal[] = []
    const consumer = consumerOf(
      (_, context) => {
        signals.push(context.signal)
        return new Promise(() => {})
      },
      { threads: 1 },
    )
    consumer.submit(1)
    await consumer.clock.advance(899_999)
    expect(consumer.retries.taken).toEqual([])
    await consumer.clock.advance(1)
    expect(consumer.retries.taken).toEqual([{ id: 'id-0', delayLevel: 3 }])
    expect(signals[0]?.aborted).toBe(true)
    expect(consumer.turns.running).toBe(0)
  })

  // R28
  test('a message that can be given back nowhere is tried here again, and not passed meanwhile', async () => {
    const attempts: number[] = []
    const consumer = consumerOf((messages) => {
      attempts.push(messages[0]?.reconsumeTimes ?? -1)
      return attempts.length < 3 ? 'RECONSUME_LATER' : undefined
    })
    consumer.retries.down = true
    consumer.submit(2)
    await consumer.clock.advance(0)
    expect(Math.max(0, ...consumer.offsets)).toBeLessThanOrEqual(0)
    await consumer.clock.advance(5_000)
    await consumer.consumption.quiet(consumer.queue)
    expect(consumer.offsets.at(-1)).toBe(2)
    expect(attempts.filter((times) => times === 1).length).toBeGreaterThan(0)
  })

  // R28
  test('a poison message does not hold up the others', async () => {
    const consumed: number[] = []
    const consumer = consumerOf((messages): ConsumeResult | undefined => {
      const [message] = messages
      if (message?.queueOffset === 0) return 'RECONSUME_LATER'
      consumed.push(message?.queueOffset ?? -1)
      return undefined
    })
    consumer.submit(5)
    await consumer.consumption.quiet(consumer.queue)
    expect(consumed).toEqual([1, 2, 3, 4])
    expect(consumer.offsets.at(-1)).toBe(5)
  })

  test('of a batch, what is behind ackIndex goes back', async () => {
    const consumer = consumerOf(
      (_, context) => {
        context.ackIndex = 0
        context.delayLevelWhenNextConsume = 5
      },
      { batch: 3 },
    )
    consumer.submit(3)
    await consumer.consumption.quiet(consumer.queue)
    expect(consumer.retries.taken.map((row) => row.id)).toEqual(['id-1', 'id-2'])
    expect(consumer.offsets).toEqual([3])
  })

  test('a body that cannot be read never reaches the listener and goes the way of a failure', async () => {
    const consumer = consumerOf(() => {
      throw new Error('called')
    })
    consumer.submit(1, new MqError('COMPRESSION_UNSUPPORTED', 'Reading'))
    await consumer.consumption.quiet(consumer.queue)
    expect(consumer.retries.taken).toEqual([{ id: 'id-0', delayLevel: 0 }])
  })

  test('a broadcasting group drops what fails', async () => {
    const consumer = consumerOf(() => 'RECONSUME_LATER', { broadcasting: true })
    consumer.submit(1)
    await consumer.consumption.quiet(consumer.queue)
    expect(consumer.retries.taken).toEqual([])
    expect(consumer.offsets).toEqual([1])
  })

  test('no more than consumeThreads calls run at once', async () => {
    let running = 0
    let most = 0
    const ends: (() => void)[] = []
    const consumer = consumerOf(
      () => {
        most = Math.max(most, ++running)
        return new Promise<void>((resolve) =>
          ends.push(() => {
            running--
            resolve()
          }),
        )
      },
      { threads: 3 },
    )
    consumer.submit(9)
    await settle()
    while (ends.length > 0) {
      ends.shift()?.()
      await settle()
    }
    await consumer.consumption.quiet(consumer.queue)
    expect(most).toBe(3)
    expect(consumer.offsets.at(-1)).toBe(9)
  })

  test('what a lost queue held is neither given back nor committed', async () => {
    let end: () => void = () => {}
    const consumer = consumerOf(
      () =>
        new Promise<ConsumeResult>((resolve) => {
          end = () => resolve('RECONSUME_LATER')
        }),
    )
    consumer.submit(1)
    await settle()
    consumer.queue.drop()
    end()
    await consumer.consumption.quiet(consumer.queue)
    expect(consumer.retries.taken).toEqual([])
    expect(consumer.offsets).toEqual([])
  })

  test('a queue being left starts no new call but lets the running one count', async () => {
    const ends: (() => void)[] = []
    const consumer = consumerOf(() => new Promise<void>((resolve) => ends.push(resolve)), { threads: 1 })
    consumer.submit(2)
    await settle()
    consumer.queue.leave()
    ends[0]?.()
    await consumer.consumption.quiet(consumer.queue)
    expect(ends.length).toBe(1)
    expect(consumer.offsets).toEqual([1])
  })
})
