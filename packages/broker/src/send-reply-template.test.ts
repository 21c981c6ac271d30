import { expect, test } from '@jest/globals'
import { offsetMessageId } from '@rockhopper/message'
import { CURRENT_VERSION, encodeFrame } from '@rockhopper/remoting'
import { SendReplyTemplate } from './send-reply-template.js'

test('a reply from the template has the bytes of the general encoder', () => {
  const seed = Math.floor(Math.random() * 2 ** 31)
  let state = seed
  const random = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
  const upTo = (max: number) => Math.floor(2 ** (random() * Math.log2(max)) - 1)
  const storeHost = { address: '10.1.2.3', port: 10_911 }
  for (const regionId of ['DefaultRegion', 'Zürich "1"']) {
    const config = { regionId, traceOn: true }
    const template = new SendReplyTemplate({ config, storeHost } as never)
    for (let round = 0; round < 500; round++) {
      const opaque = random() < 0.1 ? -upTo(2 ** 31) : upTo(2 ** 31)
      const physicalOffset = random() < 0.1 ? Number.MAX_SAFE_INTEGER : upTo(2 ** 53)
      const [queueId, queueOffset] = [upTo(1_000), upTo(2 ** 53)]
      const transactionId = 'AC11'.repeat(upTo(9))
      const batch =
        random() < 0.2 ? `${offsetMessageId(storeHost, 1)},${offsetMessageId(storeHost, 2)}` : undefined
      const into = Buffer.alloc(template.sizeMax(batch, transactionId), 0xff)
      const placed = { status: 'PUT_OK', physicalOffset, queueOffset, storeTimestamp: 0, end: 0 } as const
      const size = template.write(into, opaque, batch, placed, queueId, transactionId)
      const general = encodeFrame({
        code: 0,
        flag: 1,
        opaque,
        version: CURRENT_VERSION,
        language: 'JAVA',
        extFields: {
          msgId: batch ?? offsetMessageId(storeHost, physicalOffset),
          queueId: String(queueId),
          queueOffset: String(queueOffset),
          transactionId,
          MSG_REGION: regionId,
          TRACE_ON: 'true',
        },
        serializeType: 0,
      })
      expect({ seed, frame: into.toString('utf8', 8, size) }).toEqual({
        seed,
        frame: general.toString('utf8', 8),
      })
      expect(into.subarray(0, size).equals(general)).toBe(true)
    }
  }
})
