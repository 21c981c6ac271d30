import { expect, test } from '@jest/globals'
import { checkFaultSetting } from './fault-points.js'
import { httpUrl, readSettings, SettingsError, wholeNumber } from './settings.js'

const DEFAULTS = { system: 'shop', service: 'order', port: 8011 }

test('without any variable a service has defaults that work on one machine', () => {
  expect(readSettings(DEFAULTS, {})).toEqual({
    service: 'order',
    namesrvAddr: '127.0.0.1:9876',
    host: '127.0.0.1',
    port: 8011,
    dataDir: '.rockhopper/shop',
    databaseUrl: undefined,
    topics: 'check',
    logLevel: 'info',
  })
})

test.each([
  [{ ROCKETMQ_NAMESRV_ADDR: 'broker' }, /ROCKETMQ_NAMESRV_ADDR=broker: want host:port/],
  [{ PORT: '80a' }, /PORT=80a: want a whole number from 0 to 65535/],
  [{ ROCKHOPPER_TOPICS: 'make' }, /ROCKHOPPER_TOPICS=make: want check, or create/],
  [{ LOG_LEVEL: 'loud' }, /LOG_LEVEL=loud: want one of trace, debug, info/],
  [{ DATABASE_URL: 'mysql://x' }, /DATABASE_URL: want postgres:/],
])('%j is refused, and the refusal names the variable and what it takes', (env, says) => {
  const reading = () => readSettings(DEFAULTS, env)
  expect(reading).toThrow(SettingsError)
  expect(reading).toThrow(says)
})

test('numbers keep to their limits, addresses lose the slash at their end', () => {
  const limits = { byDefault: 5, min: 1, max: 9 }
  expect(wholeNumber('RATE', limits, {})).toBe(5)
  expect(wholeNumber('RATE', limits, { RATE: '9' })).toBe(9)
  expect(() => wholeNumber('RATE', limits, { RATE: '10' })).toThrow(
    'RATE=10: want a whole number from 1 to 9',
  )
  expect(httpUrl('AT', { AT: 'http://storage:9200/' })).toBe('http://storage:9200')
  expect(() => httpUrl('AT', { AT: 'storage:9200' })).toThrow('AT=storage:9200: want http://host:port')
})

test('a fault point that does not exist is refused: it would test nothing', () => {
  const before = process.env['ROCKHOPPER_FAULT']
  try {
    for (const good of ['', 'a.b', 'a.b:3']) {
      process.env['ROCKHOPPER_FAULT'] = good
      expect(() => checkFaultSetting(['a.b'])).not.toThrow()
    }
    for (const bad of ['a.c', 'a.b:0', 'a.b:x']) {
      process.env['ROCKHOPPER_FAULT'] = bad
      expect(() => checkFaultSetting(['a.b'])).toThrow('want one of a.b, or NAME:COUNT')
    }
  } finally {
    if (before === undefined) delete process.env['ROCKHOPPER_FAULT']
    else process.env['ROCKHOPPER_FAULT'] = before
  }
})
