import { describe, expect, test } from '@jest/globals'
import { ERRORS, isMqError, MqError } from './errors.js'
import { compressionOf, SysFlag, withCompression, withoutCompression } from './flags.js'
import { hostText, parseHost } from './host.js'
import {
  checkGroup,
  checkTopic,
  dlqTopic,
  groupOfTopic,
  isSystemGroup,
  isSystemTopic,
  retryTopic,
} from './names.js'

describe('topic and group names', () => {
  test('letters, digits and % | - _ are allowed, up to the limits', () => {
    expect(checkTopic('order-topic_1%|Z')).toBeUndefined()
    expect(checkTopic('a'.repeat(127))).toBeUndefined()
    expect(checkTopic('a'.repeat(128))).toContain('longer')
    expect(checkTopic(retryTopic('a'.repeat(120)))).toBeUndefined()
    expect(checkTopic(dlqTopic('a'.repeat(251)))).toContain('longer')
    expect(checkGroup('a'.repeat(120))).toBeUndefined()
    expect(checkGroup('a'.repeat(121))).toContain('longer')
  })

  test.each([' ', '', '\t'])('%p is blank', (name) => {
    expect(checkTopic(name)).toContain('blank')
    expect(checkGroup(name)).toContain('blank')
  })

  test.each(['a b', 'a.b', '订单', 'a/b', '..', 'a\n'])('%p holds illegal characters', (name) => {
    expect(checkTopic(name)).toContain('illegal')
    expect(checkGroup(name)).toContain('illegal')
  })

  test('retry and dead-letter topics name their group', () => {
    expect(groupOfTopic('%RETRY%cg')).toBe('cg')
    expect(groupOfTopic('%DLQ%cg')).toBe('cg')
    expect(groupOfTopic('cg')).toBeUndefined()
  })

  test('system names are told apart from those of users', () => {
    expect(['TBW102', 'SCHEDULE_TOPIC_XXXX', 'rmq_sys_x'].map(isSystemTopic)).toEqual([true, true, true])
    expect(['orders', '%RETRY%g'].map(isSystemTopic)).toEqual([false, false])
    expect(['TOOLS_CONSUMER', 'CID_RMQ_SYS_x', 'orders'].map(isSystemGroup)).toEqual([true, true, false])
  })
})

test('an address is read as host and port or not at all', () => {
  expect(parseHost('127.0.0.1:9876')).toEqual({ address: '127.0.0.1', port: 9876 })
  expect(parseHost('[::1]:9876')).toEqual({ address: '::1', port: 9876 })
  expect(hostText({ address: '::1', port: 9876 })).toBe('[::1]:9876')
  for (const bad of ['', ':1', 'h', 'h:', 'h:x', 'h:65536', 'h:-1']) expect(parseHost(bad)).toBeUndefined()
})

test('compression bits name the codec, and none of them means zlib', () => {
  expect(compressionOf(0)).toBeUndefined()
  expect(compressionOf(SysFlag.COMPRESSED)).toBe('ZLIB')
  expect(compressionOf(SysFlag.COMPRESSED | 0x700)).toBe('unknown')
  for (const type of ['LZ4', 'ZSTD', 'ZLIB'] as const) {
    expect(compressionOf(withCompression(0x10, type))).toBe(type)
    expect(withoutCompression(withCompression(0x10, type))).toBe(0x10)
  }
})

describe('MqError', () => {
  test('says what was attempted, what it means and what to do, and keeps its cause', () => {
    const cause = new Error('refused')
    const error = new MqError('CONNECT_FAILED', 'Connecting to 127.0.0.1:1', { cause, responseCode: 1 })
    expect(error.message).toBe(`Connecting to 127.0.0.1:1. ${ERRORS.CONNECT_FAILED.meaning} ${error.remedy}`)
    expect([error.cause, error.responseCode, error.name]).toEqual([cause, 1, 'MqError'])
    expect(isMqError(error, 'CONNECT_FAILED')).toBe(true)
    expect(isMqError(error, 'CLOSED')).toBe(false)
    expect(isMqError(cause)).toBe(false)
  })

  test('each row has a meaning and a next step, both whole sentences', () => {
    for (const { meaning, remedy } of Object.values(ERRORS)) {
      expect(meaning).toMatch(/^[A-Z].*\.$/)
      expect(remedy).toMatch(/^[A-Z].*\.$/)
    }
  })
})
