import { expect, test } from '@jest/globals'
import { canRun, snippetsOf } from './snippets.js'

test('code blocks are found with their language and line, others are left', () => {
  const page = ['# x', '```ts', 'a()', '```', '```sh', 'ls', '```', '```js', 'b()', 'c()', '```'].join('\n')
  expect(snippetsOf(page)).toEqual([
    { language: 'ts', code: 'a()', line: 3 },
    { language: 'js', code: 'b()\nc()', line: 9 },
  ])
})

test('a code block within a list is found without its indentation', () => {
  const page = ['1. x', '', '   ```ts', '   if (a) {', '     b()', '   }', '   ```'].join('\n')
  expect(snippetsOf(page)).toEqual([{ language: 'ts', code: 'if (a) {\n  b()\n}', line: 4 }])
})

test('a code block without an end is an error, not half a page of code', () => {
  expect(() => snippetsOf('```ts\na()')).toThrow('line 1 has no end')
})

test('decorated classes are compiled only', () => {
  expect(canRun({ language: 'ts', code: '@Controller()\nclass A {}', line: 1 })).toBe(false)
  expect(canRun({ language: 'ts', code: 'await send()', line: 1 })).toBe(true)
})
