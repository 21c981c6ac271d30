import { describe, expect, test } from '@jest/globals'
import { type CommandName, commandRow } from './commands.js'
import { COMMON_REQUEST_FIELDS, type Field, type Fields } from './field.js'
import { encodeFrame } from './frame.js'
import { FrameView } from './frame-view.js'
import { decodeHeader } from './header-fields.js'
import { HeaderScanner } from './header-scanner.js'
import { isResponse, LANGUAGES, type RemotingCommand, SerializeType } from './remoting-command.js'
import { type SeededRandom, seededRandom } from './seeded-random.fixture.js'

const HOT: readonly CommandName[] = ['SEND_MESSAGE', 'SEND_MESSAGE_V2', 'SEND_BATCH_MESSAGE', 'PULL_MESSAGE']

const fieldsOf = (name: CommandName): Fields => ({ ...COMMON_REQUEST_FIELDS, ...commandRow(name).request })

const viewOf = (frame: Buffer, offset = 0) => {
  const arena = Buffer.concat([Buffer.alloc(offset, 0xaa), frame, Buffer.from('","x":"')])
  const view = new FrameView()
  view.point(arena, offset, offset + frame.length)
  return view
}

const TEXTS = [
  '',
  'T',
  'TopicTest',
  'k\u0001v\u0002',
  '标签',
  'a"b\\c/d',
  '\u007f',
  '😀',
  '\ud800',
  'x'.repeat(200),
  '\t\n',
]
const NUMBERS = [
  '0',
  '-1',
  '7',
  '2147483647',
  '2147483648',
  '1700000000000',
  '9007199254740993',
  '',
  '1e3',
  '-',
  '-0',
  '99999',
]
const BOOLS = ['true', 'false', 'TRUE', '', 'yes']

function randomValue(random: SeededRandom, field: Field): string {
  if (field.type === 'string') return random.pick(TEXTS)
  if (field.type === 'bool') return random.pick(BOOLS)
  return random.below(12) === 0 ? random.pick(NUMBERS) : String(random.below(100_000))
}

function randomCommand(
  random: SeededRandom,
  name: CommandName,
  serializeType: SerializeType,
): RemotingCommand {
  const extFields: Record<string, string> = Object.create(null)
  for (const [key, field] of Object.entries(fieldsOf(name)).sort(() => random.below(3) - 1)) {
    if (random.below(30) !== 0 && (field.required || random.below(2) === 0)) {
      extFields[field.wire ?? key] = randomValue(random, field)
    }
  }
  if (random.below(4) === 0)
    extFields[random.pick(['AccessKey', 'z', 'topicx', '__proto__', '标'])] = random.pick(TEXTS)
  return {
    code: commandRow(name).code,
    flag: random.pick([0, 0, 0, 2, 1, 3]),
    opaque: random.pick([0, 1, 2147483647, random.below(1_000_000), -5]),
    version: random.pick([0, 317, 479]),
    language: random.pick(LANGUAGES),
    remark: random.below(5) === 0 ? random.pick(TEXTS) : undefined,
    extFields,
    body: random.below(2) === 0 ? undefined : random.bytes(20),
    serializeType,
  }
}

/** The scanner said yes: then it must say all that the plain decoders say. */
function expectAgreement(scanner: HeaderScanner, view: FrameView, name: CommandName): void {
  const decoded = view.decode(false)
  if (!decoded.ok) throw new Error(`the plain decoder refuses it: ${decoded.reason}`)
  const { value: command } = decoded
  expect(isResponse(command.flag)).toBe(false)
  const language = scanner.language < 0 ? undefined : LANGUAGES[scanner.language]
  expect({ flag: scanner.flag, opaque: scanner.opaque, version: scanner.version, language }).toEqual({
    flag: command.flag,
    opaque: command.opaque,
    version: command.version,
    language: command.language,
  })
  expect(view.code).toBe(command.code)
  expect(view.bodySize).toBe(command.body?.length ?? 0)
  const header = decodeHeader(fieldsOf(name), command.extFields)
  if (!header.ok) throw new Error(`the plain decoder refuses a field: ${header.reason}`)
  expect(scanner.header()).toEqual({ ...header.value })
  const values = header.value as Readonly<Record<string, string | number | boolean | undefined>>
  for (const [key, field] of Object.entries(fieldsOf(name))) {
    const index = scanner.field(key)
    expect(scanner.has(index)).toBe(values[key] !== undefined)
    if (field.type === 'string') {
      expect(scanner.text(index)).toBe(values[key])
      const copy = Buffer.alloc(scanner.rawSize(index) + 4, 0xff)
      const size = scanner.copyText(index, copy, 2)
      expect(copy.toString('utf8', 2, 2 + size)).toBe(values[key] ?? '')
      expect(copy.readUInt16BE(2 + scanner.rawSize(index))).toBe(0xffff)
    } else {
      expect(scanner.numbers[index]).toBe(values[key] === undefined ? Number.NaN : Number(values[key]))
    }
  }
}

describe.each(HOT)('the scanner of %s', (name) => {
  test.each([
    ['JSON', SerializeType.JSON],
    ['binary', SerializeType.ROCKETMQ],
  ])('agrees with the plain decoder on random %s headers', (_, serializeType) => {
    const random = seededRandom()
    const scanner = new HeaderScanner(name)
    let taken = 0
    for (let round = 0; round < 600; round++) {
      const view = viewOf(encodeFrame(randomCommand(random, name, serializeType)), random.below(50))
      if (!scanner.scan(view)) continue
      taken++
      expectAgreement(scanner, view, name)
    }
    expect(taken).toBeGreaterThan(50)
  })

  test('agrees with the plain decoder when bytes of the header are changed', () => {
    const random = seededRandom()
    const scanner = new HeaderScanner(name)
    let taken = 0
    for (let round = 0; round < 4_000; round++) {
      const frame = encodeFrame(
        randomCommand(random, name, random.pick([SerializeType.JSON, SerializeType.ROCKETMQ])),
      )
      const headerSize = frame.readInt32BE(4) & 0xff_ffff
      for (let changes = 1 + random.below(2); changes > 0; changes--) {
        const at = 8 + random.below(headerSize)
        frame[at] =
          random.below(3) === 0
            ? random.below(256)
            : (random.pick([...Buffer.from('"\\u0129{}:,-aT ')]) as number)
      }
      const view = viewOf(frame, random.below(8))
      if (view.code !== commandRow(name).code || !scanner.scan(view)) continue
      taken++
      expectAgreement(scanner, view, name)
    }
    expect(taken).toBeGreaterThan(20)
  })

  test('agrees with the plain decoder on headers that differ from the last ones in some bytes', () => {
    const random = seededRandom()
    let taken = 0
    for (let producer = 0; producer < 15; producer++) {
      const scanner = new HeaderScanner(name)
      const frame = encodeFrame(randomCommand(random, name, SerializeType.JSON))
      const headerSize = frame.readInt32BE(4) & 0xff_ffff
      for (let round = 0; round < 100; round++) {
        const next = Buffer.from(frame)
        for (let changes = random.below(4); changes > 0; changes--) {
          const at = 8 + random.below(headerSize)
          next[at] =
            random.below(4) === 0
              ? random.below(256)
              : (random.pick([...Buffer.from('0123456789abc"\\u')]) as number)
        }
        const view = viewOf(next, random.below(8))
        if (view.code !== commandRow(name).code || !scanner.scan(view)) continue
        taken++
        expectAgreement(scanner, view, name)
      }
    }
    expect(taken).toBeGreaterThan(20)
  })

  test('takes what the Java client writes', () => {
    const scanner = new HeaderScanner(name)
    const extFields: Record<string, string> = Object.create(null)
    for (const [key, field] of Object.entries(commandRow(name).request)) {
      extFields[field.wire ?? key] =
        field.type === 'string' ? 'KEYS\u0001k\u0002' : field.type === 'bool' ? 'false' : '12'
    }
    const frame = encodeFrame({
      code: commandRow(name).code,
      flag: 0,
      opaque: 3,
      version: 479,
      language: 'JAVA',
      extFields,
      serializeType: SerializeType.JSON,
    })
    expect(scanner.scan(viewOf(frame))).toBe(true)
    expectAgreement(scanner, viewOf(frame), name)
  })

  test('a response is never taken, though its code may be that of a request', () => {
    const random = seededRandom()
    const scanner = new HeaderScanner(name)
    for (let round = 0; round < 200; round++) {
      const command = { ...randomCommand(random, name, SerializeType.JSON), flag: 1 }
      expect(scanner.scan(viewOf(encodeFrame(command)))).toBe(false)
    }
  })
})

describe('an odd header', () => {
  const GOOD = '"a":"pg","b":"T","c":"TBW102","d":"4","e":"1","f":"0","g":"17","h":"0"'
  const REST = '"flag":0,"language":"JAVA","opaque":7,"version":479'
  const ODD: readonly (readonly [string, boolean, string])[] = [
    [
      'a repeated field, escaped first',
      true,
      `{"code":310,"extFields":{"i":"x\\u0001",${GOOD},"i":"yz"},${REST}}`,
    ],
    [
      'a repeated field, escaped last',
      true,
      `{"code":310,"extFields":{"i":"x",${GOOD},"i":"y\\u0001"},${REST}}`,
    ],
    ['a repeated opaque', false, `{"code":310,"extFields":{${GOOD}},${REST},"opaque":8}`],
    ['a repeated code', false, `{"code":310,"extFields":{${GOOD}},${REST},"code":10}`],
    ['repeated extFields', false, `{"code":310,"extFields":{${GOOD}},"extFields":{"i":"x"},${REST}}`],
    [
      'an escaped pair of surrogates',
      false,
      `{"code":310,"extFields":{${GOOD},"i":"\\ud83d\\ude00"},${REST}}`,
    ],
    ['half a pair of surrogates', false, `{"code":310,"extFields":{${GOOD},"i":"\\ud83dx"},${REST}}`],
    [
      'every short escape',
      true,
      `{"code":310,"extFields":{${GOOD},"i":"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\u20AC"},${REST}}`,
    ],
    [
      'an escape of letters that are no digits',
      false,
      `{"code":310,"extFields":{${GOOD},"i":"\\u00g0"},${REST}}`,
    ],
    [
      'an escape of control characters',
      false,
      `{"code":310,"extFields":{${GOOD},"i":"\\u\u0010\u0011\u0012\u0013"},${REST}}`,
    ],
    ['an escaped number', false, `{"code":310,"extFields":{${GOOD.replace('"17"', '"\\u0031"')}},${REST}}`],
    ['an escaped key', false, `{"code":310,"extFields":{${GOOD},"\\u0069":"x"},${REST}}`],
    ['a raw control character', false, `{"code":310,"extFields":{${GOOD},"i":"\u0001"},${REST}}`],
    ['blanks', false, `{"code":310, "extFields":{${GOOD}},${REST}}`],
    ['a value that is a number', false, `{"code":310,"extFields":{${GOOD},"j":3},${REST}}`],
    ['a value that is null', false, `{"code":310,"extFields":{${GOOD},"j":null},${REST}}`],
    ['an unknown key', false, `{"code":310,"extFields":{${GOOD}},${REST},"x":1}`],
    [
      'an unknown language',
      true,
      `{"code":310,"extFields":{${GOOD}},"language":"COBOL","flag":0,"opaque":7}`,
    ],
    ['a comma too many', false, `{"code":310,"extFields":{${GOOD},},${REST}}`],
    ['text behind the end', false, `{"code":310,"extFields":{${GOOD}},${REST}}}`],
    ['no end', false, `{"code":310,"extFields":{${GOOD}},${REST}`],
    ['an opaque beyond i32', false, `{"code":310,"extFields":{${GOOD}},"opaque":2147483648}`],
    ['an opaque with a fraction', false, `{"code":310,"extFields":{${GOOD}},"opaque":1.5}`],
    ['an opaque that is text', false, `{"code":310,"extFields":{${GOOD}},"opaque":"7"}`],
    ['no extFields', false, `{"code":310,${REST}}`],
  ]

  test.each(ODD)('with %s is taken: %s, and never read otherwise than plainly', (_, isTaken, text) => {
    const frame = Buffer.concat([Buffer.alloc(8), Buffer.from(text)])
    frame.writeInt32BE(frame.length - 4, 0)
    frame.writeInt32BE(frame.length - 8, 4)
    const scanner = new HeaderScanner('SEND_MESSAGE_V2')
    const view = viewOf(frame)
    expect(scanner.scan(view)).toBe(isTaken)
    if (isTaken) expectAgreement(scanner, view, 'SEND_MESSAGE_V2')
  })
})

test('a field the row does not have is not looked up', () => {
  expect(() => new HeaderScanner('PULL_MESSAGE').field('nope')).toThrow(RangeError)
})
