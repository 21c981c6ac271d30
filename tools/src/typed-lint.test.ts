import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { repositoryRoot } from './workspace.js'

// Our configuration, with the types taken from the planted project.
const CONFIG = `
import config from '${join(repositoryRoot, 'eslint.config.mjs')}'

const parserOptions = { project: './tsconfig.check.json', tsconfigRootDir: import.meta.dirname }
export default config.map((one) =>
  one.files === undefined ? one : { ...one, languageOptions: { ...one.languageOptions, parserOptions } },
)
`
const PLANTED = `
export async function f(kind: 'a' | 'b'): Promise<void> {
  f(kind)
  if (f(kind)) return
  switch (kind) {
    case 'a':
      return
  }
}
`

test('a promise left alone, a promise as a condition and a switch with a missing case are found', () => {
  const root = mkdtempSync(join(tmpdir(), 'typed-lint-'))
  mkdirSync(join(root, 'packages/a/src'), { recursive: true })
  writeFileSync(join(root, 'eslint.config.mjs'), CONFIG)
  writeFileSync(
    join(root, 'tsconfig.check.json'),
    '{"compilerOptions":{"strict":true},"include":["packages"]}',
  )
  writeFileSync(join(root, 'packages/a/src/planted.ts'), PLANTED)
  const eslint = join(repositoryRoot, 'node_modules/.bin/eslint')
  const { stdout } = spawnSync(eslint, ['-f', 'json', '.'], { cwd: root, encoding: 'utf8' })
  rmSync(root, { recursive: true })
  const [file] = JSON.parse(stdout) as { messages: { ruleId: string }[] }[]
  expect(file?.messages.map(({ ruleId }) => ruleId.replace('@typescript-eslint/', ''))).toEqual([
    'no-floating-promises',
    'no-misused-promises',
    'switch-exhaustiveness-check',
  ])
}, 60_000)
