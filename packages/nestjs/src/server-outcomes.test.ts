import { describe, expect, test } from '@jest/globals'
import { Controller } from '@nestjs/common'
import { Ctx, Payload } from '@nestjs/microservices'
import { createNodeEnv } from '@rockhopper/env'
import { RocketMQContext } from './context.js'
import { DEAD_LETTER } from './dead-letter.js'
import { RocketMQEvent } from './decorators.js'
import type { DeliveryFailure } from './delivery-failure.js'
import { BatchFailedException, RocketMQSettledError } from './exceptions.js'
import { deferred } from './memory-broker.fixture.js'
import { PermanentError } from './retry-policy.js'
import { serve } from './server.fixture.js'
import { SteppedClock, settled } from './stepped-clock.fixture.js'

class NoSuchOrder extends Error {}
class Busy extends Error {}

@PermanentError()
class Malformed extends Error {}

describe('a retry policy', () => {
  // B35
  test('tells errors apart by their class, also where Nest flattens them', async () => {
    const calls: string[] = []
    @Controller()
    class Orders {
      @RocketMQEvent('a', {
        retry: {
          attempts: 3,
          delayMs: [1_000, 60_000],
          delayMsByError: { Busy: 300_000 },
          deadLetter: [NoSuchOrder],
          ignore: ['SyntaxError'],
        },
      })
      handle(@Payload() { kind }: { kind: string }): void {
        calls.push(kind)
        if (kind === 'unknown') throw new NoSuchOrder('order 7')
        if (kind === 'syntax') throw new SyntaxError('what')
        if (kind === 'busy') throw new Busy('later')
        if (kind === 'marked') throw new Malformed('bad')
        throw new TypeError('db down')
      }
    }
    const { broker, app, send } = await serve([Orders])
    for (const kind of ['unknown', 'syntax', 'marked', 'busy', 'other']) {
      send('a', { kind })
      await broker.settled()
    }
    const times = (kind: string) => calls.filter((one) => one === kind).length
    expect(['unknown', 'syntax', 'marked', 'busy', 'other'].map(times)).toEqual([1, 1, 1, 3, 3])
    // Levels 9 (5 min) twice for Busy, then 1 (1 s) and 5 (1 min) by attempt.
    expect(broker.delays).toEqual([9, 9, 1, 5])
    const dead = (broker.topics.get('%DLQ%shop') ?? []).map(({ properties }) => [
      properties[DEAD_LETTER.error],
      properties[DEAD_LETTER.reason],
      properties[DEAD_LETTER.attempt],
    ])
    expect(dead).toEqual([
      ['NoSuchOrder', 'order 7', '1'],
      ['Malformed', 'bad', '1'],
      ['Busy', 'later', '3'],
      ['TypeError', 'db down', '3'],
    ])
    await app.close()
  })

  // B35
  test("asks the application's own predicate first", async () => {
    @Controller()
    class Orders {
      @RocketMQEvent('a', { retry: { attempts: 2 } })
      handle(@Payload() code: string): void {
        throw Object.assign(new Error(code), { code })
      }
    }
    const classifyError = (error: unknown) => {
      const { code } = error as { code?: string }
      return code === 'gone' ? 'permanent' : code === 'dup' ? 'ignore' : { retryAfterMs: 5_000 }
    }
    const { broker, app, send } = await serve([Orders], { classifyError })
    for (const code of ['gone', 'dup', 'slow']) send('a', code)
    await broker.settled()
    expect(broker.bodies('%DLQ%shop')).toEqual(['"gone"', '"slow"'])
    expect(broker.delays).toEqual([2])
    await app.close()
  })
})

describe('a dead letter', () => {
  // B34
  test('says why, where in the code, after how many attempts, and where it came from', async () => {
    @Controller()
    class Orders {
      @RocketMQEvent('a', { retry: { attempts: 2 } })
      handle(): void {
        throw new Error(`at ${Math.random()}`)
      }
    }
    const { broker, app, send } = await serve([Orders])
    const { messageId } = send('a', { id: 1 })
    send('a', { id: 2 })
    await broker.settled()
    const [first, second] = (broker.topics.get('%DLQ%shop') ?? []).map(({ properties }) => properties)
    expect(first).toMatchObject({
      [DEAD_LETTER.attempt]: '2',
      [DEAD_LETTER.group]: 'shop',
      [DEAD_LETTER.originTopic]: 'a',
      [DEAD_LETTER.originMessageId]: messageId,
    })
    expect(first?.[DEAD_LETTER.stackHash]).toMatch(/^[0-9a-f]{16}$/)
    // The messages differ, the place does not.
    expect(second?.[DEAD_LETTER.stackHash]).toBe(first?.[DEAD_LETTER.stackHash])
    expect(second?.[DEAD_LETTER.reason]).not.toBe(first?.[DEAD_LETTER.reason])
    await app.close()
  })

  test('goes to a topic of choice, or nowhere, when its handler says so', async () => {
    @Controller()
    class Orders {
      @RocketMQEvent('a', { dlq: { topic: 'graveyard' }, maxReconsumeTimes: 0 })
      keep(): void {
        throw new Error('kept')
      }
      @RocketMQEvent('b', { dlq: false, group: 'other', maxReconsumeTimes: 0 })
      drop(): void {
        throw new Error('dropped')
      }
    }
    const { broker, strategy, app, send } = await serve([Orders])
    const dropped: DeliveryFailure[] = []
    strategy.on('dropped', (failure) => dropped.push(failure))
    send('a', { id: 1 }, { tag: 'x', properties: { tenant: 't' } })
    send('b', { id: 2 })
    await broker.settled()
    expect(broker.topics.get('graveyard')).toMatchObject([
      { tag: 'x', properties: { tenant: 't', [DEAD_LETTER.reason]: 'kept' } },
    ])
    expect(dropped).toMatchObject([{ group: 'other', reason: 'dropped' }])
    expect([...broker.topics.keys()].filter((topic) => topic.startsWith('%DLQ%'))).toEqual([])
    await app.close()
  })
})

describe('settlement through the context', () => {
  // B22
  test('decides what becomes of the message, and a second word throws', async () => {
    const second: unknown[] = []
    @Controller()
    class Orders {
      @RocketMQEvent('a')
      handle(@Payload() what: string, @Ctx() context: RocketMQContext): void {
        if (what === 'dead') context.deadLetter('no such order')
        if (what === 'skip') context.skip()
        if (what === 'again' && context.getDeliveryAttempt() === 1) context.retry({ delayMs: 60_000 })
        if (what !== 'twice') return
        context.ack()
        try {
          context.retry()
        } catch (error) {
          second.push(error)
        }
        throw new Error('after ack()')
      }
    }
    const { broker, app, send } = await serve([Orders])
    for (const what of ['dead', 'skip', 'again', 'twice']) send('a', what)
    await broker.settled()
    expect(broker.delays).toEqual([5])
    expect(broker.topics.get('%DLQ%shop')).toMatchObject([
      { properties: { [DEAD_LETTER.reason]: 'no such order' } },
    ])
    expect(second).toEqual([new RocketMQSettledError('retry', 'ack')])
    await app.close()
  })

  // B22
  test('extendInvisible gives the handler more time than it has, from now on', async () => {
    const clock = new SteppedClock()
    const finish = deferred()
    @Controller()
    class Orders {
      @RocketMQEvent('a', { ackTimeoutMs: 1_000, maxReconsumeTimes: 1 })
      async handle(@Payload() isLong: boolean, @Ctx() context: RocketMQContext): Promise<void> {
        if (context.getDeliveryAttempt() > 1) return
        if (isLong) context.extendInvisible(5_000)
        await finish.promise
      }
    }
    const { broker, app, send } = await serve([Orders], { env: { ...createNodeEnv(), clock } })
    send('a', false)
    send('a', true)
    await settled()
    await clock.advance(2_000)
    expect(broker.delays).toHaveLength(1)
    await clock.advance(2_500)
    expect(broker.delays).toHaveLength(1)
    await clock.advance(2_000)
    expect(broker.delays).toHaveLength(2)
    finish.resolve()
    await app.close()
  })

  test("with ackMode 'manual' only it, a throw or the end of its time settles the message", async () => {
    const contexts: RocketMQContext[] = []
    @Controller()
    class Orders {
      @RocketMQEvent('a', { ackMode: 'manual', ackTimeoutMs: 20, maxReconsumeTimes: 1 })
      handle(@Ctx() context: RocketMQContext): void {
        contexts.push(context)
        if (context.getDeliveryAttempt() === 1) context.extendInvisible(1)
        else context.extendInvisible(60_000)
      }
    }
    const { broker, app, send } = await serve([Orders])
    send('a', {})
    while (contexts.length < 2) await new Promise((resolve) => setImmediate(resolve))
    // The first delivery ran out of its time; the second one has plenty, and is told what to do.
    contexts[1]?.deadLetter('by hand')
    await broker.settled()
    expect(broker.delays).toHaveLength(1)
    expect(broker.topics.get('%DLQ%shop')).toMatchObject([
      { properties: { [DEAD_LETTER.reason]: 'by hand' } },
    ])
    await app.close()
  })
})

describe('a batch handler', () => {
  test('gets what came within its time, and each message its own outcome', async () => {
    const batches: unknown[][] = []
    @Controller()
    class Orders {
      @RocketMQEvent('a', { batch: { size: 4, waitMs: 5 }, retry: { attempts: 2 } })
      handle(@Payload() orders: number[], @Ctx() context: RocketMQContext): void {
        batches.push(orders)
        const two = context.getBatch()[orders.indexOf(2)]
        context.getBatch()[orders.indexOf(1)]?.deadLetter('one is never right')
        if (two?.getDeliveryAttempt() === 1)
          throw new BatchFailedException(new Map([[orders.indexOf(2), new Error('two')]]))
      }
    }
    const { broker, app, send } = await serve([Orders])
    for (const id of [1, 2, 3, 4, 5]) send('a', id)
    await broker.settled()
    expect(batches).toContainEqual([1, 2, 3, 4])
    expect(batches.flat().sort()).toEqual([1, 2, 2, 3, 4, 5])
    expect(broker.bodies('%DLQ%shop')).toEqual(['1'])
    await app.close()
  })

  // B53
  test('does not wait for more when the application goes down', async () => {
    const batches: unknown[] = []
    @Controller()
    class Orders {
      @RocketMQEvent('a', { batch: { size: 100, waitMs: 60_000 } })
      handle(@Payload() orders: unknown[]): void {
        batches.push(orders)
      }
    }
    const { app, send } = await serve([Orders])
    send('a', 1)
    send('a', 2)
    await new Promise((resolve) => setImmediate(resolve))
    await app.close()
    expect(batches).toEqual([[1, 2]])
  })
})

describe('groups', () => {
  test('one with autoStart off waits for its name, and one can be paused while others go on', async () => {
    const seen: string[] = []
    @Controller()
    class Orders {
      @RocketMQEvent('a', { group: 'late', autoStart: false })
      late(): void {
        seen.push('late')
      }
      @RocketMQEvent('a')
      early(): void {
        seen.push('early')
      }
    }
    const { broker, strategy, app, send } = await serve([Orders])
    send('a', 1)
    await broker.settled()
    expect(seen).toEqual(['early'])
    expect(strategy.groups()).toMatchObject([
      { group: 'late', state: 'held', topics: ['a'], running: 0 },
      { group: 'shop', state: 'running', topics: ['a'], running: 0 },
    ])
    strategy.pause('shop')
    await strategy.resume('late')
    send('a', 2)
    await broker.settled()
    expect(seen).toEqual(['early', 'late', 'late'])
    await strategy.resume('shop')
    await broker.settled()
    expect(seen).toEqual(['early', 'late', 'late', 'early'])
    await app.close()
  })

  // B10, B12
  test('of regular expressions get topics that appear later, and a named topic goes first', async () => {
    const seen: string[] = []
    @Controller()
    class Orders {
      @RocketMQEvent(/^order_/)
      any(@Ctx() context: RocketMQContext): void {
        seen.push(`any ${context.getTopic()}`)
      }
      @RocketMQEvent('order_paid:cash')
      cash(): void {
        seen.push('cash')
      }
      @RocketMQEvent(/_paid$/)
      never(): void {
        seen.push('never')
      }
    }
    const { broker, app, send } = await serve([Orders], { topicRefreshMs: 5 })
    send('order_paid', 1, { tag: 'cash' })
    send('order_paid', 2, { tag: 'card' })
    send('order_new', 3)
    send('%DLQ%order_x', 4)
    while (seen.length < 3) await new Promise((resolve) => setImmediate(resolve))
    await broker.settled()
    expect(seen.sort()).toEqual(['any order_new', 'any order_paid', 'cash'])
    await app.close()
  })
})
