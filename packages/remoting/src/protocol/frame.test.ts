import { describe, expect, test } from '@jest/globals'
import { MqError } from '@rockhopper/message'
import { decodeFrame, encodeFrame } from './frame.js'
import { type RemotingCommand, SerializeType } from './remoting-command.js'

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')
const jsonFrame = (header: string, body = '') => {
  const frame = Buffer.concat([Buffer.alloc(8), Buffer.from(header), Buffer.from(body)])
  frame.writeInt32BE(frame.length - 4, 0)
  frame.writeInt32BE(Buffer.byteLength(header), 4)
  return frame
}
const decoded = (frame: Buffer): RemotingCommand => {
  const result = decodeFrame(frame)
  if (!result.ok) throw new Error(result.reason)
  return result.value
}

const COMMAND: RemotingCommand = {
  code: 105,
  flag: 0,
  opaque: 7,
  version: 479,
  language: 'JAVA',
  serializeType: SerializeType.JSON,
}

describe('golden frames of the Java encoder', () => {
  test('a route query in JSON decodes, and encodes to the same bytes', () => {
    const frame = Buffer.concat([
      hex('00000084 00000080'),
      Buffer.from(
        '{"code":105,"extFields":{"topic":"TBW102"},"flag":0,"language":"JAVA","opaque":7,' +
          '"serializeTypeCurrentRPC":"JSON","version":479}',
      ),
    ])
    expect(decoded(frame)).toMatchObject({
      code: 105,
      opaque: 7,
      version: 479,
      extFields: { topic: 'TBW102' },
    })
    expect(encodeFrame(decoded(frame))).toEqual(frame)
  })

  test('the same with the binary header and a remark', () => {
    const frame = hex(
      '0000002c 01000028 0069 00 01df 00000007 00000000 00000002 6869' +
        '00000011 0005 746f706963 00000006 544257313032',
    )
    expect(decoded(frame)).toMatchObject({ code: 105, remark: 'hi', extFields: { topic: 'TBW102' } })
    expect(encodeFrame(decoded(frame))).toEqual(frame)
  })

  test('a minimal success response', () => {
    const text =
      '{"code":0,"flag":1,"language":"JAVA","opaque":7,"serializeTypeCurrentRPC":"JSON","version":0}'
    const frame = jsonFrame(text)
    expect(encodeFrame(decoded(frame))).toEqual(frame)
  })

  test('a POP request in the binary header is cut to 16 bits, and its code is found again', () => {
    const frame = hex('00000019 01000015 0d72 00 0000 00000001 00000000 00000000 00000000')
    const pop = { ...COMMAND, code: 200050, opaque: 1, version: 0, serializeType: SerializeType.ROCKETMQ }
    expect(encodeFrame(pop)).toEqual(frame)
    expect(decoded(frame).code).toBe(200050)
  })

  test.each([
    [200050, 3442],
    [200051, 3443],
    [200053, 3445],
    [200054, 3446],
    [200151, 3543],
  ])('code %i travels as %i', (code, code16) => {
    const frame = encodeFrame({ ...COMMAND, code, serializeType: SerializeType.ROCKETMQ })
    expect(frame.readInt16BE(8)).toBe(code16)
    expect(decoded(frame).code).toBe(code)
  })

  test('separators of message properties are written as fastjson writes control characters', () => {
    const properties = 'KEYS\u0001k1\u0002TAGS\u0001标签\u001f\u0002'
    const frame = encodeFrame({ ...COMMAND, extFields: { i: properties } })
    expect(frame.toString()).toContain('"i":"KEYS\\u0001k1\\u0002TAGS\\u0001标签\\u001F\\u0002"')
    expect(decoded(frame).extFields?.['i']).toBe(properties)
  })
})

describe('a frame', () => {
  test('keeps its body, and has none when it is empty', () => {
    const withBody = { ...COMMAND, body: Buffer.from('hello') }
    expect(decoded(encodeFrame(withBody)).body?.toString()).toBe('hello')
    expect(decoded(encodeFrame({ ...COMMAND, body: Buffer.alloc(0) })).body).toBeUndefined()
  })

  test('a copied body does not change with the bytes it came from', () => {
    const frame = encodeFrame({ ...COMMAND, body: Buffer.from('hello') })
    const copied = decodeFrame(frame, true)
    frame.fill(0)
    expect(copied.ok && copied.value.body?.toString()).toBe('hello')
  })

  test('as written by the Go client is read', () => {
    const text =
      '{"code":34,"language":"GO","version":317,"opaque":2147483647,"flag":0,"extFields":{"a":"b"}}'
    expect(decoded(jsonFrame(text))).toMatchObject({
      code: 34,
      language: 'GO',
      version: 317,
      opaque: 0x7fff_ffff,
    })
  })

  test('with numbers, booleans and nulls in extFields is read as fastjson reads it', () => {
    const text =
      '{"code":1,"extFields":{"a":3,"b":true,"c":null,"d":9223372036854775807,"e":{"x":1}},"unknown":[1]}'
    expect({ ...decoded(jsonFrame(text)).extFields }).toEqual({
      a: '3',
      b: 'true',
      d: '9223372036854775807',
      e: '{"x":1}',
    })
  })

  test('names of unknown languages are harmless, ordinals are taken', () => {
    expect(decoded(jsonFrame('{"code":1,"language":"COBOL"}')).language).toBeUndefined()
    expect(decoded(jsonFrame('{"code":1,"language":9}')).language).toBe('GO')
  })

  test('of a repeated key the last one counts', () => {
    const frame = jsonFrame('{"code":1,"code":2,"extFields":{"k":"a","k":"b"}}')
    expect(decoded(frame)).toMatchObject({ code: 2, extFields: { k: 'b' } })
  })

  test('whose fields are named __proto__ or constructor changes no prototype', () => {
    const before = Object.getOwnPropertyNames(Object.prototype).sort()
    const frame = jsonFrame('{"code":1,"extFields":{"__proto__":"x","constructor":"y"},"__proto__":{"z":1}}')
    const { extFields } = decoded(frame)
    expect(Object.getPrototypeOf(extFields)).toBeNull()
    expect(Object.keys(extFields ?? {})).toEqual(['__proto__', 'constructor'])
    expect(Object.getOwnPropertyNames(Object.prototype).sort()).toEqual(before)
    expect(({} as Record<string, unknown>)['z']).toBeUndefined()
  })

  test.each([
    ['null', 'null'],
    ['an array', '[]'],
    ['a string', '"x"'],
    ['nothing', ''],
    ['half an object', '{"code":1'],
    ['a code beyond i32', '{"code":4294967296}'],
    ['a code with a fraction', '{"code":1.5}'],
    ['extFields that are a list', '{"code":1,"extFields":[]}'],
    ['something very deep', `{"code":1,"x":${'['.repeat(100_000)}${']'.repeat(100_000)}}`],
    ['a bad escape', '{"code":1,"remark":"\\x41"}'],
  ])('whose header is %s is refused, not thrown about', (_, header) => {
    expect(decodeFrame(jsonFrame(header)).ok).toBe(false)
  })

  test('whose header is not UTF-8 is refused', () => {
    const frame = jsonFrame('{"code":1,"remark":"??"}')
    frame.writeUInt16BE(0xc328, frame.length - 4)
    expect(decodeFrame(frame).ok).toBe(false)
  })

  test('with a binary header cut or with lengths that lie is refused', () => {
    const whole = encodeFrame({
      ...COMMAND,
      remark: 'hi',
      extFields: { topic: 'T', group: 'g' },
      serializeType: SerializeType.ROCKETMQ,
    })
    const header = whole.subarray(8)
    for (let size = 0; size < header.length; size++) {
      const frame = Buffer.concat([hex('00000000 01000000'), header.subarray(0, size)])
      frame.writeInt32BE(frame.length - 4, 0)
      frame.writeInt32BE((1 << 24) | size, 4)
      expect(decodeFrame(frame).ok).toBe(false)
    }
    for (const at of [13, 19, 23, 30]) {
      for (const lie of [-1, 0x7fff_ffff, 0x0100_0000]) {
        const frame = Buffer.from(whole)
        frame.writeInt32BE(lie, 8 + at)
        decodeFrame(frame)
      }
    }
  })

  test('beyond the limit of every peer is not encoded', () => {
    expect(() => encodeFrame({ ...COMMAND, body: Buffer.alloc(16_777_216) })).toThrow(MqError)
  })
})
