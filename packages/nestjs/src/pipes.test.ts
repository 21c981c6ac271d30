import { describe, expect, test } from '@jest/globals'
import * as common from '@nestjs/common'
import {
  BadRequestException,
  Controller,
  DefaultValuePipe,
  ParseIntPipe,
  ValidationPipe,
} from '@nestjs/common'
import { Payload } from '@nestjs/microservices'
import { IsString } from 'class-validator'
import { z } from 'zod'
import { DEAD_LETTER } from './dead-letter.js'
import { RocketMQEvent } from './decorators.js'
import { serve } from './server.fixture.js'

/** A payload that is wrong stays wrong. */
const retry = { attempts: 5, deadLetter: [BadRequestException] }

class Order {
  @IsString()
  readonly id: string = ''
}

describe("Nest's pipes", () => {
  // B23
  test('of a parameter get the property it names; what they refuse may be dead at once', async () => {
    const seen: unknown[] = []
    @Controller()
    class Orders {
      @RocketMQEvent('a', { retry })
      handle(
        @Payload('id', ParseIntPipe) id: number,
        @Payload('note', new DefaultValuePipe('none')) note: string,
      ): void {
        seen.push([id, note])
      }
    }
    const { broker, app, send } = await serve([Orders])
    for (const order of [{ id: '7', note: 'soon' }, { id: 'seven' }, { id: '8' }]) {
      send('a', order)
      await broker.settled()
    }
    expect(seen).toEqual([
      [7, 'soon'],
      [8, 'none'],
    ])
    expect(broker.topics.get('%DLQ%shop')).toMatchObject([
      { properties: { [DEAD_LETTER.error]: 'BadRequestException', [DEAD_LETTER.attempt]: '1' } },
    ])
    expect(broker.bodies('%DLQ%shop')).toEqual(['{"id":"seven"}'])
    await app.close()
  })

  // B23
  test('of whole classes make an instance of the payload, and refuse what breaks its rules', async () => {
    const seen: Order[] = []
    @Controller()
    class Orders {
      @RocketMQEvent('a', { retry })
      handle(@Payload(new ValidationPipe({ transform: true, whitelist: true })) order: Order): void {
        seen.push(order)
      }
    }
    const { broker, app, send } = await serve([Orders])
    for (const order of [{ id: '7', extra: 1 }, { id: 7 }]) {
      send('a', order)
      await broker.settled()
    }
    expect(seen[0]).toBeInstanceOf(Order)
    expect(seen).toEqual([{ id: '7' }])
    expect(broker.bodies('%DLQ%shop')).toEqual(['{"id":7}'])
    expect(broker.delays).toEqual([])
    await app.close()
  })

  // B23
  test('of Nest 12 check a payload by the schema beside its decorator', async () => {
    // Nest 11 has no such pipe.
    if (!('StandardSchemaValidationPipe' in common)) return
    const { StandardSchemaValidationPipe } = common
    const schema = z.object({ id: z.coerce.number() })
    const seen: unknown[] = []
    @Controller()
    class Orders {
      @RocketMQEvent('a', { retry })
      handle(
        @Payload({ schema, pipes: [new StandardSchemaValidationPipe()] })
        order: { id: number },
      ): void {
        seen.push(order)
      }
    }
    const { broker, app, send } = await serve([Orders])
    for (const order of [{ id: '7' }, { id: 'seven' }]) {
      send('a', order)
      await broker.settled()
    }
    expect(seen).toEqual([{ id: 7 }])
    expect(broker.bodies('%DLQ%shop')).toEqual(['{"id":"seven"}'])
    expect(broker.delays).toEqual([])
    await app.close()
  })
})
