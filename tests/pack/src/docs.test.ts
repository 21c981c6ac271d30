import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { run } from './command.js'
import { root } from './packed.js'
import { snippetsOf } from './snippets.js'

const docs = join(root, 'docs')
const pages = readdirSync(docs, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.md'))
  .sort()
/** Below this package, so that what the pages import is found: it names all of that. */
const folder = join(import.meta.dirname, '..', '.cache', `docs-${process.pid}`)

beforeAll(() => void mkdirSync(folder, { recursive: true }))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('the code in docs compiles under strict, that of the libraries people come from included', async () => {
  let count = 0
  for (const name of pages) {
    for (const { code, language, line } of snippetsOf(readFileSync(join(docs, name), 'utf8'))) {
      const file = `${name.replace(/\W+/g, '-')}-line-${line}.${language === 'ts' ? 'mts' : 'mjs'}`
      writeFileSync(join(folder, file), `${code}\nexport {}\n`)
      count += 1
    }
  }
  expect(count).toBeGreaterThan(0)
  const compilerOptions = {
    target: 'ES2022',
    lib: ['ES2023', 'ESNext.Disposable'],
    module: 'NodeNext',
    strict: true,
    skipLibCheck: true,
    noEmit: true,
    allowJs: true,
    checkJs: true,
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
    types: ['node'],
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['.'] }))
  const compiler = join(root, 'node_modules', '.bin', 'tsc')
  const { code, output } = await run(compiler, ['-p', folder], folder)
  expect([code, output]).toEqual([0, ''])
}, 120_000)
