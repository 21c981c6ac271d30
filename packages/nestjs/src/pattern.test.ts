import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { RocketMQSetupError } from './exceptions.js'
import { formatPattern, parseDestination, parsePattern, subscriptionExpression } from './pattern.js'

describe('patterns', () => {
  test.each([
    ['order_topic', { topic: 'order_topic', tags: [] }],
    ['order_topic:*', { topic: 'order_topic', tags: [] }],
    ['order_topic:paid', { topic: 'order_topic', tags: ['paid'] }],
    ['order_topic:paid || created||paid', { topic: 'order_topic', tags: ['created', 'paid'] }],
    ['inventory.quote', { topic: 'inventory', tags: ['quote'] }],
    ['inventory.quote.v2', { topic: 'inventory', tags: ['quote.v2'] }],
    ['a:b.c', { topic: 'a', tags: ['b.c'] }],
    [{ topic: 'a' }, { topic: 'a', tags: [] }],
    [
      { topic: 'a', tag: 'x||b' },
      { topic: 'a', tags: ['b', 'x'] },
    ],
  ])('%j is read as %j', (given, expected) => {
    expect(parsePattern(given)).toEqual(expected)
  })

  test.each([
    [''],
    ['a b'],
    ['a:'],
    ['a:x||'],
    ['a:x|y'],
    ['a:x||*'],
    ['a.b:c'],
    [/a/],
    [42],
    [null],
    [{ cmd: 'sum' }],
    [{ topic: 'a', sql: ' ' }],
    [{ topic: 'a', tag: 'x', sql: 'x > 1' }],
    [{ topic: 'a', tag: 1 }],
  ])('%p is refused by name', (given) => {
    expect(() => parsePattern(given)).toThrow(RocketMQSetupError)
  })

  // B9
  test('the canonical text of any pattern is read as the same pattern, whatever the order', () => {
    const topic = fc.stringMatching(/^[%|a-zA-Z0-9_-]{1,30}$/)
    const tag = fc.stringMatching(/^[a-zA-Z0-9_.:é-]{1,10}$/)
    const property = fc.property(topic, fc.array(tag, { maxLength: 5 }), fc.integer(), (name, tags, turn) => {
      const shuffled = tags.map((one, index) => tags[(index + Math.abs(turn)) % tags.length] ?? one)
      const first = parsePattern(tags.length === 0 ? name : `${name}:${tags.join('||')}`)
      const second = parsePattern({
        topic: name,
        ...(tags.length === 0 ? {} : { tag: shuffled.join(' || ') }),
      })
      expect(second).toEqual(first)
      expect(parsePattern(formatPattern(first))).toEqual(first)
    })
    // A failure prints its seed.
    fc.assert(property, { numRuns: 500 })
  })

  test('a subscription takes every tag as soon as one pattern does', () => {
    expect(subscriptionExpression([parsePattern('a:x'), parsePattern('a:c||x')])).toBe('c||x')
    expect(subscriptionExpression([parsePattern('a:x'), parsePattern('a')])).toBe('*')
  })

  test('a destination has one tag at most', () => {
    expect(parseDestination('a:x')).toEqual({ topic: 'a', tag: 'x' })
    expect(() => parseDestination('a:x||y')).toThrow('one tag')
  })
})
