import { describe, expect, test } from '@jest/globals'
import { findRoute, planGroups, type Registration } from './routes.js'

const on = (pattern: unknown, extras: Record<string, unknown> = {}, isEvent = true): Registration => ({
  pattern,
  handler: async () => undefined,
  isEvent,
  extras,
})

describe('routes', () => {
  test('a group becomes one plan with the topics and tags of all its handlers', () => {
    const plans = planGroups([on('a:x'), on('a:y'), on('b', { group: 'other' }), on('c')], {
      consumerGroup: 'main',
    })
    expect(plans.map(({ group, subscriptions }) => [group, Object.fromEntries(subscriptions)])).toEqual([
      ['main', { a: 'x||y', c: '*' }],
      ['other', { b: '*' }],
    ])
  })

  // B12
  test('a handler that names the tag goes before one that takes every tag', () => {
    const [plan] = planGroups([on('a'), on('a:x')], { consumerGroup: 'main' })
    expect(findRoute(plan?.routes ?? [], 'a', 'x', false)?.text).toBe('a:x')
    expect(findRoute(plan?.routes ?? [], 'a', 'y', false)?.text).toBe('a')
    expect(findRoute(plan?.routes ?? [], 'a', undefined, false)?.text).toBe('a')
    expect(findRoute(plan?.routes ?? [], 'b', 'x', false)).toBeUndefined()
  })

  test('of an event and a request handler on one pattern each gets its own kind', () => {
    const [plan] = planGroups([on('a'), on('a', {}, false)], { consumerGroup: 'main' })
    expect(findRoute(plan?.routes ?? [], 'a', undefined, false)?.isEvent).toBe(true)
    expect(findRoute(plan?.routes ?? [], 'a', undefined, true)?.isEvent).toBe(false)
  })

  // B8, B11, B20
  test.each([
    [
      'two event handlers of one group on one pattern',
      [on('a:x'), on('a:x||y')],
      "own group: { group: '…' }",
    ],
    [
      'two answers to one request, also in different groups',
      [on('a', {}, false), on('a', { group: 'b' }, false)],
      'keep one',
    ],
    ['an unknown extra', [on('a', { grupo: 'x' })], "unknown extra 'grupo'"],
    ['an extra out of range', [on('a', { concurrency: 0 })], "'concurrency' must be 1 to 1,000"],
    [
      'extras of one group that disagree',
      [on('a', { orderly: true }), on('b', { orderly: false })],
      "disagree about 'orderly'",
    ],
    ['a pattern of another transport', [on({ cmd: 'sum' })], "unknown field 'cmd'"],
  ])('%s is refused before anything runs', (_name, registrations, message) => {
    expect(() => planGroups(registrations, { consumerGroup: 'main' })).toThrow(message)
  })

  // B11
  test.each([
    ['group', ''],
    ['concurrency', 1_001],
    ['orderly', 'yes'],
    ['broadcast', 1],
    ['maxReconsumeTimes', -1],
    ['from', 'yesterday'],
    ['codec', 'xml'],
    ['filter', { sql: '' }],
    ['batch', { size: 10, wait: 5 }],
    ['retry', { atempts: 3 }],
    ['retry', { delayMsByError: null }],
    ['dlq', { topik: 'graveyard' }],
    ['ackMode', 'later'],
    ['ackTimeoutMs', 0],
    ['rateLimit', { count: 10 }],
    ['autoStart', 'no'],
  ])("extra '%s' may not be %j", (name, value) => {
    const plan = () => planGroups([on('a', { [name]: value })], { consumerGroup: 'main' })
    expect(plan).toThrow(`extra '${name}' must be`)
  })

  test('a handler without any group is refused', () => {
    expect(() => planGroups([on('a')], {})).toThrow('no consumer group')
  })

  test('event handlers of one pattern in different groups are fine', () => {
    expect(planGroups([on('a'), on('a', { group: 'b' })], { consumerGroup: 'main' })).toHaveLength(2)
  })
})
