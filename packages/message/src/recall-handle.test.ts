import { describe, expect, test } from '@jest/globals'
import { decodeRecallHandle, encodeRecallHandle } from './recall-handle.js'

const HANDLE = { topic: 'orders', brokerName: 'broker-a', timestamp: '1700000000001', messageId: 'AC1100' }

describe('a recall handle', () => {
  test('is the URL-safe Base64 of its five words', () => {
    const text = encodeRecallHandle(HANDLE)
    expect(text).toBe('djEgb3JkZXJzIGJyb2tlci1hIDE3MDAwMDAwMDAwMDEgQUMxMTAw')
    expect(decodeRecallHandle(text)).toEqual(HANDLE)
  })

  test('is padded and uses the URL alphabet', () => {
    const text = encodeRecallHandle({ ...HANDLE, topic: '??>>~~' })
    expect(text).toMatch(/^[A-Za-z0-9_=-]+$/)
    expect(text.length % 4).toBe(0)
    expect(decodeRecallHandle(text)?.topic).toBe('??>>~~')
  })

  test.each([
    '',
    '%%%',
    'djE=',
    Buffer.from('v2 a b c d').toString('base64'),
    Buffer.from('v1 a b c').toString('base64'),
  ])('%j is none', (text) => {
    expect(decodeRecallHandle(text)).toBeUndefined()
  })
})
