import { describe, expect, test } from '@jest/globals'
import { Controller } from '@nestjs/common'
import { MessagePattern, Payload } from '@nestjs/microservices'
import fc from 'fast-check'
import { lastValueFrom, Observable, of, range, toArray } from 'rxjs'
import { ClientRocketMQ } from './client.js'
import { RetryLaterException } from './exceptions.js'
import { REPLY_KIND, REPLY_SEQUENCE } from './properties.js'
import { ReplyOrder, runReplies } from './reply-stream.js'
import { serve } from './server.fixture.js'

const reply = (sequence: number, count: number) => ({
  properties: { [REPLY_KIND]: sequence === count - 1 ? 'empty' : 'next', [REPLY_SEQUENCE]: String(sequence) },
})

describe('replies of one request', () => {
  test('are told in the order they were given, whatever the order they come in, each once', () => {
    const arrivals = fc.integer({ min: 1, max: 40 }).chain((count) =>
      fc.shuffledSubarray(
        Array.from({ length: count }, (_, n) => n),
        { minLength: count },
      ),
    )
    fc.assert(
      fc.property(arrivals, (order) => {
        const told: string[] = []
        const replies = new ReplyOrder<ReturnType<typeof reply>>(({ properties }) => {
          told.push(properties[REPLY_SEQUENCE] ?? '')
        })
        const more = order.flatMap((sequence) => {
          // Twice each, as after a redelivery of the request.
          const one = replies.take(reply(sequence, order.length))
          return one ? [one, replies.take(reply(sequence, order.length))] : [one]
        })
        expect(told).toEqual(order.map((_, n) => String(n)))
        expect(more.filter((one) => !one)).toHaveLength(1)
      }),
    )
  })

  test('that are lost are noticed before too many wait for them', () => {
    const replies = new ReplyOrder<ReturnType<typeof reply>>(() => undefined)
    const takeAll = () => {
      for (let sequence = 1; sequence < 1_000; sequence++) replies.take(reply(sequence, 2_000))
    }
    expect(takeAll).toThrow('reply 0 of a stream is missing')
  })
})

@Controller()
class Counting {
  calls = 0

  @MessagePattern('counting')
  count(@Payload() to: number): Observable<number> {
    this.calls++
    if (to === -1) throw new RetryLaterException(1_000)
    return range(1, to)
  }

  @MessagePattern('flood')
  flood(): Observable<number> {
    return range(1, 5_000)
  }

  @MessagePattern('half')
  half(): Observable<number> {
    return new Observable((subscriber) => {
      subscriber.next(1)
      subscriber.error(new RetryLaterException(1_000))
    })
  }
}

describe('a handler that returns a stream', () => {
  // B17
  test('answers value by value for send, and once for request', async () => {
    const { broker, app } = await serve([Counting])
    const client = new ClientRocketMQ({ namesrvAddr: 'memory', clients: broker })
    expect(await lastValueFrom(client.send('counting', 5).pipe(toArray()))).toEqual([1, 2, 3, 4, 5])
    expect(await client.request('counting', 5)).toBe(5)
    expect(await lastValueFrom(client.send('counting', 0).pipe(toArray()))).toEqual([])
    const partly: unknown[] = []
    const half = new Promise((resolve) => {
      client.send('half', 1).subscribe({ next: (value) => partly.push(value), error: resolve })
    })
    // It failed after a value went out: the caller is told, and nothing is tried again.
    expect([await half, partly]).toMatchObject([{ name: 'RetryLaterException' }, [1]])
    await broker.settled()
    expect(broker.delays).toEqual([])
    await client.close()
    await app.close()
  })

  test('that outruns its replies ends with an error, instead of filling the memory', async () => {
    const { broker, app } = await serve([Counting])
    const client = new ClientRocketMQ({ namesrvAddr: 'memory', clients: broker })
    const all = lastValueFrom(client.send('flood', 1).pipe(toArray()))
    await expect(all).rejects.toThrow('not yet sent')
    await client.close()
    await app.close()
  })

  test('gives its last packet to whoever wants only that', async () => {
    const send = (stream$: Observable<unknown>, respond: (packet: object) => unknown) => {
      stream$.subscribe({
        next: (response) => respond({ response }),
        complete: () => respond({ isDisposed: true }),
      })
    }
    expect(await runReplies(send, of(1, 2))).toEqual({ response: 2 })
  })
})
