import { describe, expect, test } from '@jest/globals'
import { MqError } from '@rockhopper/message'
import { COMMANDS, type CommandName, commandName, commandRow, RequestCode } from './commands.js'
import type { Field, FieldType } from './field.js'
import { decodeHeader, encodeHeader } from './header-fields.js'
import { seededRandom } from './seeded-random.fixture.js'

const NAMES = Object.keys(COMMANDS) as CommandName[]

const GOOD: Record<FieldType, readonly [string, unknown]> = {
  string: ['text', 'text'],
  i32: ['-2147483648', -2147483648],
  i64: ['9007199254740991', 9007199254740991],
  i64saturate: ['9223372036854775807', Number.MAX_SAFE_INTEGER],
  bool: ['true', true],
  double: ['0.5', 0.5],
  boundary: ['UPPER', 'UPPER'],
}

const BAD: Record<FieldType, readonly string[]> = {
  string: [],
  i32: ['', '1e3', ' 1', '1.0', '0x1', '2147483648', '-2147483649', '99999999999999999999', 'NaN', '+1', '-'],
  i64: ['', '1e3', '9007199254740992', '-9223372036854775808', '9223372036854775808', 'Infinity', '1_0'],
  i64saturate: ['', '1e3', '9223372036854775808', '-9223372036854775809', '99999999999999999999'],
  bool: [],
  double: ['', 'x', 'NaN', 'Infinity'],
  boundary: [],
}

const CASES = NAMES.flatMap((name) =>
  (['request', 'response'] as const).map((side) => ({ name, side, fields: commandRow(name)[side] })),
)
const wireKey = (name: string, field: Field) => field.wire ?? name

describe('the command table', () => {
  test('has no code twice and finds every row by its code', () => {
    expect(new Set(NAMES.map((name) => COMMANDS[name].code)).size).toBe(NAMES.length)
    for (const name of NAMES) {
      expect(commandName(COMMANDS[name].code)).toBe(name)
      expect(RequestCode[name]).toBe(COMMANDS[name].code)
    }
    expect(commandName(987)).toBeUndefined()
  })

  test('writes send V2 in single letters', () => {
    const letters = Object.entries(commandRow('SEND_MESSAGE_V2').request).map(([name, field]) => [
      name,
      field.wire,
    ])
    expect(Object.fromEntries(letters)).toEqual({
      producerGroup: 'a',
      topic: 'b',
      defaultTopic: 'c',
      defaultTopicQueueNums: 'd',
      queueId: 'e',
      sysFlag: 'f',
      bornTimestamp: 'g',
      flag: 'h',
      properties: 'i',
      reconsumeTimes: 'j',
      unitMode: 'k',
      maxReconsumeTimes: 'l',
      batch: 'm',
      bname: 'n',
    })
  })
})

describe('every header of the table', () => {
  test('is read from the wire and written back the same', () => {
    for (const { fields } of CASES) {
      const wire = Object.fromEntries(
        Object.entries(fields).map(([name, f]) => [wireKey(name, f), GOOD[f.type][0]]),
      )
      const result = decodeHeader(fields, wire)
      if (!result.ok) throw new Error(result.reason)
      for (const [name, field] of Object.entries(fields)) {
        expect((result.value as Record<string, unknown>)[name]).toBe(GOOD[field.type][1])
      }
      expect({ ...encodeHeader(fields, result.value) }).toEqual(wire)
    }
  })

  test('refuses each missing required field and each malformed number by its name', () => {
    let checked = 0
    for (const { fields } of CASES) {
      const wire = Object.fromEntries(
        Object.entries(fields).map(([name, f]) => [wireKey(name, f), GOOD[f.type][0]]),
      )
      for (const [name, field] of Object.entries(fields)) {
        const { [wireKey(name, field)]: _, ...without } = wire
        const missing = decodeHeader(fields, without)
        expect(missing.ok).toBe(!field.required)
        if (!missing.ok) expect(missing.reason).toBe(`the custom field <${name}> is null`)
        for (const bad of BAD[field.type]) {
          expect(decodeHeader(fields, { ...wire, [wireKey(name, field)]: bad })).toMatchObject({
            ok: false,
            field: name,
          })
          checked++
        }
      }
    }
    expect(checked).toBeGreaterThan(500)
  })

  test('survives random text in every field', () => {
    const random = seededRandom()
    for (let round = 0; round < 20; round++) {
      for (const { fields } of CASES) {
        const wire = Object.fromEntries(
          Object.entries(fields).map(([name, f]) => [
            wireKey(name, f),
            random.bytes(random.below(6)).toString('latin1'),
          ]),
        )
        decodeHeader(fields, wire)
      }
    }
  })
})

describe('values', () => {
  const fields = commandRow('SEARCH_OFFSET_BY_TIMESTAMP').request
  const wire = { topic: 'T', queueId: '0', timestamp: '1' }

  test('minus zero is zero', () => {
    const result = decodeHeader(fields, { ...wire, timestamp: '-0', queueId: '-0' })
    expect(result.ok && Object.is((result.value as { timestamp: number }).timestamp, 0)).toBe(true)
  })

  test('a boundary is LOWER unless it says UPPER in any case', () => {
    for (const [text, expected] of [
      ['upper', 'UPPER'],
      ['x', 'LOWER'],
      ['LOWER', 'LOWER'],
    ] as const) {
      expect(decodeHeader(fields, { ...wire, boundaryType: text })).toMatchObject({
        value: { boundaryType: expected },
      })
    }
  })

  test('the largest safe integer in a saturating field is sent as Long.MAX_VALUE', () => {
    const header = { topic: 'T', queueId: 0, timestamp: Number.MAX_SAFE_INTEGER }
    expect(encodeHeader(fields, header)['timestamp']).toBe('9223372036854775807')
  })

  test.each([
    ['a missing field', { topic: 'T', timestamp: 1 }],
    ['a fraction', { topic: 'T', queueId: 0.5, timestamp: 1 }],
    ['NaN', { topic: 'T', queueId: 0, timestamp: Number.NaN }],
    ['a number for a string', { topic: 1, queueId: 0, timestamp: 1 }],
  ])('%s is not encoded', (_, header) => {
    expect(() => encodeHeader(fields, header as never)).toThrow(MqError)
  })
})
