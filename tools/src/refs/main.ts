// Writes the references of every tsconfig.json from the dependencies of its package.json.
// With --check it only says which files are out of date, and fails.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { readWorkspace, repositoryRoot } from '../workspace.js'
import { findCycle, referencesOf, solution, type TsConfig } from './references.js'

const check = process.argv.includes('--check')
const workspace = readWorkspace(repositoryRoot)
const cycle = findCycle(workspace)
if (cycle !== undefined) {
  console.error(`Packages depend on each other in a circle: ${cycle.join(' → ')}`)
  process.exitCode = 1
}

for (const one of workspace) {
  update(`${one.folder}/tsconfig.json`, (config) => ({ ...config, references: referencesOf(one, workspace) }))
}
update('tsconfig.json', () => solution(workspace))

function update(file: string, change: (config: TsConfig) => TsConfig): void {
  const path = join(repositoryRoot, file)
  const before = JSON.parse(readFileSync(path, 'utf8')) as TsConfig
  const after = change(before)
  if (isDeepStrictEqual(before, after)) return
  if (check) {
    console.error(`${file} does not match the dependencies of its package.json: run npm run refs`)
    process.exitCode = 1
    return
  }
  writeFileSync(path, `${JSON.stringify(after, null, 2)}\n`)
  console.error(`${file} written`)
}
