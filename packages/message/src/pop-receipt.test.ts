import { describe, expect, test } from '@jest/globals'
import {
  decodePopReceipt,
  encodePopReceipt,
  msgOffsetInfo,
  normalPopTopic,
  orderCountInfo,
  parseOrderCounts,
  parsePopOffsets,
  popRetryTopic,
  realPopTopic,
  retryFlagOf,
  startOffsetInfo,
} from './index.js'

describe('the receipt of a popped message', () => {
  // The text that Apache's ExtraInfoUtil.buildExtraInfo makes of these values.
  const GOLDEN = '100 1700000000000 60000 3 0 broker-a 2 101'

  test('is the text that Apache writes', () => {
    const receipt = decodePopReceipt(GOLDEN)
    expect(receipt).toEqual({
      ckQueueOffset: 100,
      popTime: 1_700_000_000_000,
      invisibleTime: 60_000,
      reviveQid: 3,
      retryFlag: '0',
      brokerName: 'broker-a',
      queueId: 2,
      queueOffset: 101,
    })
    expect(receipt && encodePopReceipt(receipt)).toBe(GOLDEN)
  })

  test.each([
    '',
    'a b c d e f g h',
    '1 2 3 4 9 b 0 0',
    '1 2 3 4',
    `${GOLDEN} 1`,
    '1 2 3 99999999999999999 0 b 0 0',
  ])('is refused when it is %p', (text) => expect(decodePopReceipt(text)).toBeUndefined())

  test('names the topic that the message lies in', () => {
    expect(popRetryTopic('T', 'g')).toBe('%RETRY%g_T')
    expect(popRetryTopic('T', 'g', true)).toBe('%RETRY%g+T')
    for (const flag of ['0', '1', '2'] as const) {
      const real = realPopTopic('T_1', 'g_x', flag)
      expect(retryFlagOf(real)).toBe(flag)
      expect(normalPopTopic(real, 'g_x')).toBe('T_1')
    }
  })
})

describe('the offsets of a pop', () => {
  const queues = [
    { retryFlag: '0', queueId: 3, startOffset: 10, queueOffsets: [10, 12] },
    { retryFlag: '1', queueId: 0, startOffset: 5, queueOffsets: [5] },
  ] as const

  test('are the texts that Apache writes, and read again', () => {
    expect(startOffsetInfo(queues)).toBe('0 3 10;1 0 5')
    expect(msgOffsetInfo(queues)).toBe('0 3 10,12;1 0 5')
    expect(parsePopOffsets('0 3 10;1 0 5', '0 3 10,12;1 0 5')).toEqual(queues)
    expect(parsePopOffsets('', '')).toEqual([])
  })

  test('are refused when they do not fit together', () => {
    expect(parsePopOffsets('0 3 10', '0 4 10')).toBeUndefined()
    expect(parsePopOffsets('0 3 10', '0 3 ten')).toBeUndefined()
  })

  test('come with the delivery counts of an orderly pop', () => {
    const counts = [
      { retryFlag: '0', queueId: 3, queueOffset: 10, count: 1 },
      { retryFlag: '0', queueId: 3, queueOffset: undefined, count: 0 },
    ] as const
    expect(orderCountInfo(counts)).toBe('0 qo3%10 1;0 3 0')
    expect(parseOrderCounts('0 qo3%10 1;0 3 0;nonsense')).toEqual(counts)
  })
})
