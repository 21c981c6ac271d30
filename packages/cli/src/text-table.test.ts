import { expect, test } from '@jest/globals'
import { textTable } from './text-table.js'

test('columns are as wide as their widest cell and lines end without blanks', () => {
  expect(
    textTable(
      ['Topic', 'Queues'],
      [
        ['orders', 8],
        ['a-much-longer-topic', ''],
      ],
    ),
  ).toBe('#Topic               #Queues\norders               8\na-much-longer-topic  -\n')
})

test('control characters of a value do not reach the terminal', () => {
  expect(textTable(['A'], [['\u001b[31mred\n']])).toBe('#A\n [31mred\n')
})
