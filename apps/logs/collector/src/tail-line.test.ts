import { expect, test } from '@jest/globals'
import { tailLine } from './tail-line.js'

const id = 'a'.repeat(32)
const defaults = { service: 'shop', at: 7 }

test.each([
  ['{"time":5,"level":50,"msg":"pino"}', { at: 5, level: 'error', message: 'pino' }],
  ['{"msg":"no time"}', { at: 7, message: 'no time', service: 'shop' }],
  ['{"time":5,"msg":"cut', { at: 7, message: '{"time":5,"msg":"cut' }],
  ['2026-11-21T10:00:00.5Z ERROR no stock', { at: 1795255200500, level: 'error', message: 'ERROR no stock' }],
  ['[2026-11-21 12:00:00,123 +0200] warn: slow', { at: 1795255200123, level: 'warn' }],
  ['    at Orders.place (orders.ts:7)', { at: 7, level: 'info', message: 'at Orders.place (orders.ts:7)' }],
])('%s', (text, wanted) => {
  expect(tailLine(id, text, defaults)).toMatchObject(wanted)
})
