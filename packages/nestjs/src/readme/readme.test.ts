import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@jest/globals'

const here = fileURLToPath(new URL('.', import.meta.url))
const readme = readFileSync(`${here}../../README.md`, 'utf8')
const snippets = readdirSync(here).filter((name) => name.endsWith('.fixture.ts'))

test('every TypeScript block of the README is one of the files here, which the compiler checks', () => {
  const blocks = [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, text]) => text)
  expect(blocks.sort()).toEqual(snippets.map((name) => readFileSync(here + name, 'utf8')).sort())
})
