import { describe, expect, test } from '@jest/globals'
import { forSeeds, type SeededRandom } from '../random.fixture.js'
import { compileSql92, type Sql92Answer, type Sql92Filter } from './filter.js'

const PROPERTIES: Readonly<Record<string, string>> = { a: '5', b: 'x', t: 'true', e: '', f: '1.5', n: '-3' }

function compiled(expression: string): Sql92Filter {
  const result = compileSql92(expression)
  if (!result.ok) throw new Error(result.reason)
  return result.filter
}

function answer(expression: string): Sql92Answer {
  return compiled(expression).answer((name) => PROPERTIES[name])
}

// The golden table of remoting.md section 32, made by Apache's evaluator.
test.each<[Sql92Answer, string[]]>([
  [true, ['a = 5', "a = '5'", 'a = 5L', 'a BETWEEN 1 AND 6', 'n < 0', 'n = -3', 'f = 1.5', 'x IS NULL']],
  [true, ["b IN ('x','y')", 'x > 1 OR a = 5', 't = TRUE', 'f > 1.0', 'a = 5.0', 'x = x', 'e IS NOT NULL']],
  [false, ['1 = x', "'q' = x", 'x > 1 AND a = 6', "x CONTAINS 'x'", "x NOT CONTAINS 'x'", 'e IS NULL']],
  [false, ["b NOT IN ('x')", 't', 'a', 'b = TRUE', "b LIKE 'x'", 'a + 1 = 6', "b CONTAINS ''"]],
  [null, ['x = 1', 'x <> 1', 'x > 1', 'NOT (x > 1)', 'x > 1 AND a = 5', "x IN ('q')", 'x BETWEEN 1 AND 3']],
  ['failed', ['f > 1', 'b > 3', 'b = 3', 'b <> 3', 'a = 5 AND b > 3', 'TRUE = t']],
])('the answer %p is that of %j', (expected, expressions) => {
  expect(expressions.map((each) => [each, answer(each)])).toEqual(expressions.map((each) => [each, expected]))
})

describe('what is refused says where', () => {
  test.each([
    ['', 'expected a property, a literal or a bracket, found the end at position 0'],
    ['a > 5 AND', 'expected a property, a literal or a bracket, found the end at position 9'],
    ["a > '3'", 'only a property and numbers have an order at position 4'],
    ['a BETWEEN 6 AND 1', 'the lower bound of BETWEEN is above the upper one at position 10'],
    ['x = NULL', 'NULL cannot be compared; write IS NULL at position 4'],
    ['a in (1)', "expected a text in quotes, found '1' at position 6"],
    ['(a > 1', "expected ')', found the end at position 6"],
    ['a = 1 #', 'unexpected character "#" at position 6'],
    ["a = 'x", 'the text has no closing quote at position 4'],
    ['5', 'this is a value, not a condition at position 0'],
    ['a = 9223372036854775808', '9223372036854775808 does not fit into 64 bits at position 4'],
    ['a = 0.0', '0.0 is not above zero; write 0 at position 4'],
    ['(a > 1) > 2', 'only a property and numbers have an order at position 0'],
    ['a NOT = 1', 'expected IN, BETWEEN, CONTAINS, STARTSWITH or ENDSWITH behind NOT at position 6'],
  ])('%j: %s', (expression, reason) => {
    const position = Number(reason.split(' ').at(-1))
    expect(compileSql92(expression)).toEqual({ ok: false, reason, position })
  })
})

describe('limits', () => {
  const nested = (depth: number) => `${'('.repeat(depth)}a = 5${')'.repeat(depth)}`
  const terms = (count: number) => Array.from({ length: count }, () => 'a').join(' OR ')

  test('32 levels, 128 terms and 1,024 characters are taken', () => {
    for (const text of [nested(32), terms(128), 'a = 5'.padEnd(1024)])
      expect(compileSql92(text).ok).toBe(true)
  })

  test.each([
    [nested(33), 'nested deeper than 32 at position 32'],
    [`${'NOT '.repeat(33)}a`, 'nested deeper than 32 at position 128'],
    [terms(129), 'more than 128 terms at position 640'],
    [`a${' = a'.repeat(129)}`, 'more than 128 terms at position 514'],
    ['a = 5'.padEnd(1025), 'longer than 1024 characters at position 1024'],
  ])('%.20s…: %s', (expression, reason) => {
    expect(compileSql92(expression)).toMatchObject({ ok: false, reason })
  })
})

test('a property is asked for once, and only when it decides', () => {
  const asked: string[] = []
  const filter = compiled('a = 5 OR a > b')
  expect(filter.names).toEqual(['a', 'b'])
  filter.answer((name) => {
    asked.push(name)
    return '5'
  })
  expect(asked).toEqual(['a'])
})

const TOKENS = [
  ...[
    '=',
    '<>',
    '>',
    '>=',
    '<',
    '<=',
    '(',
    ')',
    ',',
    '+',
    '-',
    'AND',
    'OR',
    'NOT',
    'IS',
    'NULL',
    'IN',
    'BETWEEN',
  ],
  ...[
    'CONTAINS',
    'STARTSWITH',
    'ENDSWITH',
    'TRUE',
    '--',
    '/*',
    '*/',
    '#',
    "'",
    "''",
    "'x'",
    '1',
    '1.5',
    'a',
    'b',
    '\n',
  ],
]

function soup(random: SeededRandom): string {
  if (random.int(3) === 0) return random.bytes(random.int(80)).toString('latin1')
  return Array.from({ length: random.int(60) }, () => TOKENS[random.int(TOKENS.length)]).join(
    random.int(2) === 0 ? ' ' : '',
  )
}

test('whatever the text: it is compiled or refused at a position in it, and what is compiled answers', () => {
  let answers = 0
  forSeeds(20_000, (random) => {
    const expression = soup(random)
    const result = compileSql92(expression)
    if (result.ok) {
      answers++
      expect([true, false, null, 'failed']).toContain(result.filter.answer(() => random.text(8)))
    } else {
      expect(result.position).toBeGreaterThanOrEqual(0)
      expect(result.position).toBeLessThanOrEqual(expression.length)
    }
  })
  expect(answers).toBeGreaterThan(100)
})
