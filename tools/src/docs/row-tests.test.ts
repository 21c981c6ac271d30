import { expect, test } from '@jest/globals'
import { rowTests } from './row-tests.js'

test('a comment of rows names the test below it, also behind a table', () => {
  const text = [
    '  // B1, B22',
    "  test('works', () => {})",
    '  // B3',
    '  test.each([',
    "    ['a'],",
    "  ])('%s is refused', () => {})",
    '  // B4, R25',
    "  test('keeps a rule', () => {})",
  ].join('\n')
  expect(rowTests('a.test.ts', text, 'R')).toEqual([
    { rows: ['R25'], file: 'a.test.ts', name: 'keeps a rule' },
  ])
  expect(rowTests('a.test.ts', text, 'B')).toEqual([
    { rows: ['B1', 'B22'], file: 'a.test.ts', name: 'works' },
    { rows: ['B3'], file: 'a.test.ts', name: '%s is refused' },
    { rows: ['B4'], file: 'a.test.ts', name: 'keeps a rule' },
  ])
})

test('a comment of rows above something else is a mistake', () => {
  expect(() => rowTests('a.test.ts', '// B1\nconst x = 1', 'B')).toThrow('a.test.ts:1')
})
