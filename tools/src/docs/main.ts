// Writes the generated pages of docs/. With --check it only says which are out of date, and fails.
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { repositoryRoot } from '../workspace.js'
import { nestConformance } from './nest-conformance.js'
import { reliability } from './reliability.js'
import { type RowTest, rowTests } from './row-tests.js'

const PAGES: Readonly<Record<string, () => string>> = {
  'docs/nestjs-conformance.md': () =>
    nestConformance(
      testsOf(['packages/nestjs/src', 'packages/testing/src', 'tests/pack/src', 'tests/e2e/src'], 'B'),
    ),
  'docs/reliability.md': () => reliability(repositoryRoot, testsOf(['packages/*/src', 'tests/*/src'], 'R')),
}

for (const [file, make] of Object.entries(PAGES)) {
  const path = join(repositoryRoot, file)
  const page = make()
  if (existsSync(path) && readFileSync(path, 'utf8') === page) continue
  if (process.argv.includes('--check')) {
    console.error(`${file} is out of date: node tools/dist/docs/main.js`)
    process.exitCode = 1
  } else {
    writeFileSync(path, page)
    console.error(`${file} written`)
  }
}

function testsOf(folders: readonly string[], kind: 'B' | 'R'): RowTest[] {
  return folders
    .flatMap((folder) => globSync(`${folder}/**/*.test.ts`, { cwd: repositoryRoot }))
    .sort()
    .flatMap((file) => rowTests(file, readFileSync(join(repositoryRoot, file), 'utf8'), kind))
}
