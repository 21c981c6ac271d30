import { inflateSync } from 'node:zlib'
import { describe, expect, test } from '@jest/globals'
import { createNodeEnv } from '@rockhopper/env'
import { decodeBatch, decodeProperties, MqError, parseProperties, SysFlag } from '@rockhopper/message'
import { viewAt } from '../message-view.fixture.js'
import { createReplyMessage } from '../reply-message.js'
import { compressed, outgoingBatch, outgoingSingle } from './outgoing-message.js'

const LIMITS = { maxMessageSize: 4 * 1024 * 1024 }
const ids = () => {
  let last = 0
  return () => `ID${++last}`
}
const codeOf = (run: () => unknown) => {
  try {
    run()
  } catch (error) {
    if (error instanceof MqError) return error.code
    throw error
  }
  return 'no error'
}

describe('outgoing message', () => {
  // R31
  test('the bytes sent are those at the time of the call', () => {
    const body = Buffer.from('before')
    const properties = { a: 'before' }
    const outgoing = outgoingSingle({ topic: 'T', body, properties }, ids(), LIMITS)
    body.write('behind')
    properties.a = 'behind'
    expect(outgoing.body.toString()).toBe('before')
    expect(parseProperties(outgoing.propertiesText).a).toBe('before')
  })

  test('tag, keys, level, key and unique id travel as properties', () => {
    const message = {
      topic: 'T',
      body: 'x',
      tag: 'A',
      keys: ['k1', 'k2'],
      delayTimeLevel: 3,
      shardingKey: 's',
    }
    const outgoing = outgoingSingle(message, ids(), LIMITS)
    expect({ ...parseProperties(outgoing.propertiesText) }).toEqual({
      TAGS: 'A',
      KEYS: 'k1 k2',
      DELAY: '3',
      __SHARDINGKEY: 's',
      WAIT: 'true',
      UNIQ_KEY: 'ID1',
    })
    expect(outgoing.messageId).toBe('ID1')
  })

  test.each([
    ['LZ4', 0x100],
    ['ZSTD', 0x200],
  ] as const)('a body compressed with %s says so and is read again', async (type, bits) => {
    const { compute } = createNodeEnv()
    const given = outgoingSingle({ topic: 'T', body: Buffer.alloc(5_000, 'b') }, ids(), LIMITS)
    const sent = await compressed(given, compute, { sizeMin: 4096, level: 5, type })
    expect(sent.sysFlag).toBe(SysFlag.COMPRESSED | bits)
    expect((await compute.decompress(type, sent.body, 5_000)).equals(Buffer.alloc(5_000, 'b'))).toBe(true)
  })

  test('bodies from 4096 bytes on are sent as a zlib stream and say so', async () => {
    const { compute } = createNodeEnv()
    const options = { sizeMin: 4096, level: 5, type: 'ZLIB' as const }
    const small = outgoingSingle({ topic: 'T', body: Buffer.alloc(4095, 'a') }, ids(), LIMITS)
    expect(await compressed(small, compute, options)).toBe(small)
    const large = await compressed(
      outgoingSingle({ topic: 'T', body: Buffer.alloc(4096, 'a') }, ids(), LIMITS),
      compute,
      options,
    )
    expect(large.sysFlag).toBe(SysFlag.COMPRESSED | 0x300)
    expect(inflateSync(large.body).equals(Buffer.alloc(4096, 'a'))).toBe(true)
    expect(await compressed(large, compute, { ...options, sizeMin: 1 })).toBe(large)
  })

  test('a batch carries each message with its own id', () => {
    const outgoing = outgoingBatch(
      [
        { topic: 'T', body: 'one', tag: 'A' },
        { topic: 'T', body: 'two' },
      ],
      ids(),
      LIMITS,
    )
    const decoded = decodeBatch(outgoing.body)
    if (!decoded.ok) throw new Error(decoded.reason)
    expect(decoded.value.map((entry) => Buffer.from(entry.body).toString())).toEqual(['one', 'two'])
    expect(decoded.value.map((entry) => decodeProperties(entry.properties).UNIQ_KEY)).toEqual(['ID1', 'ID2'])
    expect(outgoing.messageId).toBe('ID1,ID2')
  })

  test.each([
    [
      'two topics',
      [
        { topic: 'T', body: '' },
        { topic: 'U', body: '' },
      ],
      'MESSAGE_ILLEGAL',
    ],
    ['a delay', [{ topic: 'T', body: '', delayTimeLevel: 1 }], 'MESSAGE_ILLEGAL'],
    [
      'mixed waiting',
      [
        { topic: 'T', body: '' },
        { topic: 'T', body: '', waitStoreMessageOk: false },
      ],
      'MESSAGE_ILLEGAL',
    ],
    ['a retry topic', [{ topic: '%RETRY%g', body: '' }], 'MESSAGE_ILLEGAL'],
    ['no message', [], 'MESSAGE_ILLEGAL'],
    [
      'too many bytes',
      [
        { topic: 'T', body: Buffer.alloc(60) },
        { topic: 'T', body: Buffer.alloc(60) },
      ],
      'MESSAGE_TOO_LARGE',
    ],
  ])('a batch with %s is refused', (_, messages, code) => {
    expect(codeOf(() => outgoingBatch(messages, ids(), { maxMessageSize: 100 }))).toBe(code)
  })

  test.each([
    ['a body above the limit', { topic: 'T', body: Buffer.alloc(101) }, 'MESSAGE_TOO_LARGE'],
    ['a topic with a dot', { topic: 'a.b', body: '' }, 'TOPIC_ILLEGAL'],
    ['a reserved property', { topic: 'T', body: '', properties: { UNIQ_KEY: 'mine' } }, 'PROPERTY_RESERVED'],
    [
      'large properties',
      { topic: 'T', body: '', properties: { a: 'x'.repeat(32_768) } },
      'PROPERTIES_TOO_LARGE',
    ],
  ])('%s is refused before anything is sent', (_, message, code) => {
    expect(codeOf(() => outgoingSingle(message, ids(), { maxMessageSize: 100 }))).toBe(code)
  })

  test('a reply goes to the reply topic of the cluster with what the request said', () => {
    const request = viewAt(0, {
      properties: { CLUSTER: 'C', CORRELATION_ID: 'c1', REPLY_TO_CLIENT: 'me', TTL: '500', MSG_REGION: 'r' },
    })
    const outgoing = outgoingSingle(createReplyMessage(request, 'answer'), ids(), LIMITS)
    expect(outgoing.kind).toBe('reply')
    expect(outgoing.topic).toBe('C_REPLY_TOPIC')
    expect(parseProperties(outgoing.propertiesText)).toMatchObject({
      MSG_TYPE: 'reply',
      CORRELATION_ID: 'c1',
      REPLY_TO_CLIENT: 'me',
      TTL: '500',
    })
    expect(codeOf(() => createReplyMessage(viewAt(0), 'nobody asked'))).toBe('MESSAGE_ILLEGAL')
  })
})
