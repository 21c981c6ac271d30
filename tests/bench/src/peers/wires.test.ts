import { expect, test } from '@jest/globals'
import { AmqpWire } from './amqp-wire.js'
import { crc32c } from './crc32c.js'
import { NatsWire } from './nats-wire.js'
import { RedisWire } from './redis-wire.js'

test('CRC-32C of the nine digits is the one of RFC 3720', () => {
  expect(crc32c(Buffer.from('123456789'))).toBe(0xe306_9283)
})

test('answers of Redis cut anywhere are counted once each, and an error is thrown', () => {
  const stream = Buffer.from('$15\r\n1700000000000-0\r\n'.repeat(7))
  for (let cut = 0; cut <= stream.length; cut++) {
    const wire = new RedisWire(10)
    expect(wire.answers(stream.subarray(0, cut)) + wire.answers(stream.subarray(cut))).toBe(7)
  }
  expect(() => new RedisWire(1).answers(Buffer.from('-ERR full\r\n'))).toThrow('ERR full')
})

test('answers of JetStream cut anywhere are counted once each, and an error is thrown', () => {
  const ack = '{"stream":"BENCH", "seq":12}'
  const stream = Buffer.from(`MSG _I.1 1 ${ack.length}\r\n${ack}\r\n`.repeat(5))
  for (let cut = 0; cut <= stream.length; cut++) {
    const wire = new NatsWire(10)
    expect(wire.answers(stream.subarray(0, cut)) + wire.answers(stream.subarray(cut))).toBe(5)
  }
  const error = '{"error":{"code":503}}'
  expect(() => new NatsWire(1).answers(Buffer.from(`MSG _I.1 1 22\r\n${error}\r\n`))).toThrow('503')
})

test('confirms of RabbitMQ count each message once, alone, out of order and for all up to one', () => {
  const ack = (tag: number, multiple: boolean) => {
    const bytes = Buffer.from([
      1,
      0,
      1,
      0,
      0,
      0,
      13,
      0,
      60,
      0,
      80,
      0,
      0,
      0,
      0,
      0,
      0,
      0,
      tag,
      multiple ? 1 : 0,
      0xce,
    ])
    return bytes
  }
  const wire = new AmqpWire(10)
  const counts = [ack(2, false), ack(1, false), ack(5, true), ack(7, false), ack(8, true)].map((frame) => {
    return wire.answers(frame.subarray(0, 9)) + wire.answers(frame.subarray(9))
  })
  expect(counts).toEqual([1, 1, 3, 1, 2])
})
