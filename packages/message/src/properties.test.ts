import { describe, expect, test } from '@jest/globals'
import type { Message, Properties } from './message.js'
import { messageKeys, messageProperties } from './message-properties.js'
import {
  decodeProperties,
  encodeProperties,
  propertyValueEnd,
  propertyValueStart,
  RESERVED_PROPERTIES,
} from './properties.js'
import { forSeeds } from './random.fixture.js'

describe('property text', () => {
  test('each entry ends with a separator, also the last', () => {
    expect(encodeProperties({ k: 'v', TAGS: 'TagA' }).toString('hex')).toBe('6b01760254414753015461674102')
  })

  test('the last separator may be missing, as old encoders leave it out', () => {
    expect(decodeProperties(Buffer.from('a\u00011\u0002b\u00012'))).toEqual({ a: '1', b: '2' })
  })

  test('segments without a name or a value are skipped, and a value may hold U+0001', () => {
    const odd = 'a\u0002ab\u0002abc\u0002\u0001xx\u0002yy\u0001\u0002\u0002ok\u00011\u00012\u0002'
    expect(decodeProperties(Buffer.from(odd))).toEqual({ ok: '1\u00012' })
  })

  test('names of the language are properties like any other', () => {
    const properties = decodeProperties(Buffer.from('__proto__\u0001x\u0002constructor\u0001y\u0002'))
    expect(Object.getPrototypeOf(properties)).toBeNull()
    expect(Object.keys(properties)).toEqual(['__proto__', 'constructor'])
  })

  test('random properties survive a round trip, and any bytes can be read', () => {
    forSeeds(300, (random) => {
      const properties = Object.create(null) as Properties
      for (let i = 0; i < random.int(6); i++) properties[`n${random.text(20)}`] = random.text(40)
      expect(decodeProperties(encodeProperties(properties))).toEqual(properties)
      const noise = random.bytes(random.int(200)).map((byte) => (byte < 90 ? byte % 3 : byte))
      expect(() => decodeProperties(noise)).not.toThrow()
    })
  })
})

describe('a property in bytes', () => {
  const find = (text: string, name: string): string | undefined => {
    const bytes = Buffer.from(text)
    const start = propertyValueStart(bytes, 0, bytes.length, Buffer.from(name))
    return start < 0 ? undefined : bytes.toString('utf8', start, propertyValueEnd(bytes, start, bytes.length))
  }

  test('is found as the whole name only', () => {
    expect(find('XTAGS\u0001no\u0002TAGS2\u0001no\u0002TAGS\u0001yes\u0002', 'TAGS')).toBe('yes')
    expect(find('XTAGS\u0001no\u0002TAG\u0001no\u0002', 'TAGS')).toBeUndefined()
  })

  test('is what the decoded map holds, for any bytes', () => {
    forSeeds(2_000, (random) => {
      const alphabet = ['A', 'B', '\u0001', '\u0002', 'é']
      const text = Array.from({ length: random.int(30) }, () => alphabet[random.int(alphabet.length)]).join(
        '',
      )
      const map = decodeProperties(Buffer.from(text))
      for (const name of ['A', 'AB', 'BA', 'é']) expect([text, find(text, name)]).toEqual([text, map[name]])
    })
  })
})

describe('the properties of a message', () => {
  const message = (change: Partial<Message>): Message => ({ topic: 'T', body: '', ...change })

  test('carry tag, keys, delay, sharding key, WAIT and what the user set', () => {
    const properties = messageProperties(
      message({
        tag: 'TagA',
        keys: ['k1', 'k2'],
        delayTimeLevel: 3,
        shardingKey: 's',
        waitStoreMessageOk: false,
        properties: { a: '1' },
      }),
    )
    expect(properties).toEqual({
      a: '1',
      KEYS: 'k1 k2',
      WAIT: 'false',
      TAGS: 'TagA',
      __SHARDINGKEY: 's',
      DELAY: '3',
    })
    expect(messageKeys(properties)).toEqual(['k1', 'k2'])
  })

  test('carry each kind of delay under its own name', () => {
    expect(messageProperties(message({ delayTimeMs: 1500 }))).toMatchObject({ TIMER_DELAY_MS: '1500' })
    expect(messageProperties(message({ delayTimeSec: 2 }))).toMatchObject({ TIMER_DELAY_SEC: '2' })
    expect(messageProperties(message({ deliverTimeMs: 99 }))).toMatchObject({ TIMER_DELIVER_MS: '99' })
  })

  test.each([
    [{ delayTimeMs: 1, delayTimeSec: 1 }],
    [{ delayTimeLevel: 1, deliverTimeMs: 1 }],
    [{ delayTimeMs: 1.5 }],
    [{ delayTimeSec: -1 }],
  ])('a delay of %j is refused', (change) => {
    expect(() => messageProperties(message(change))).toThrow(
      expect.objectContaining({ code: 'PROPERTY_ILLEGAL' }),
    )
  })

  test('of a plain message are WAIT alone, as in Java', () => {
    expect(messageProperties(message({}))).toEqual({ WAIT: 'true' })
  })

  test.each([...RESERVED_PROPERTIES])('the reserved name %s is refused', (name) => {
    expect(() => messageProperties(message({ properties: { [name]: 'x' } }))).toThrow(
      expect.objectContaining({ code: 'PROPERTY_RESERVED' }),
    )
  })

  test.each([
    [{ properties: { a: ' ' } }, 'PROPERTY_ILLEGAL'],
    [{ properties: { ' ': 'a' } }, 'PROPERTY_ILLEGAL'],
    [{ properties: { 'a\u0001': 'a' } }, 'PROPERTY_ILLEGAL'],
    [{ properties: { a: 'a\u0002' } }, 'PROPERTY_ILLEGAL'],
    [{ properties: { a: 1 as unknown as string } }, 'PROPERTY_ILLEGAL'],
    [{ tag: 'a\u0002' }, 'PROPERTY_ILLEGAL'],
    [{ keys: ['a b'] }, 'KEY_ILLEGAL'],
    [{ keys: [''] }, 'PROPERTY_ILLEGAL'],
  ])('%j is refused with %s', (change, code) => {
    expect(() => messageProperties(message(change))).toThrow(expect.objectContaining({ code }))
  })
})
