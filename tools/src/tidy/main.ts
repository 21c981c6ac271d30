// Checks the style: `npm run tidy`, or `npm run tidy -- packages/store` for a part of the repository.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { repositoryRoot } from '../workspace.js'
import { RULES } from './rules.js'

const TEXT_ENDINGS =
  'ts tsx js mjs cjs jsx json yaml yml md txt sh xml go mod java html css svg properties conf proto'.split(
    ' ',
  )
const TEXT_NAMES = ['.npmrc', '.gitignore', 'Dockerfile', 'run', 'LICENSE', 'NOTICE']
const isText = (path: string): boolean =>
  TEXT_ENDINGS.includes(path.split('.').pop() ?? '') || TEXT_NAMES.includes(path.split('/').pop() ?? '')
const FILE_SIZE_MAX = 2 * 1024 * 1024

const paths = execFileSync('git', ['ls-files', '-co', '--exclude-standard', ...process.argv.slice(2)], {
  cwd: repositoryRoot,
  encoding: 'utf8',
  maxBuffer: 64 * 1024 * 1024,
})
  .split('\n')
  .filter((path) => isText(path) && existsSync(join(repositoryRoot, path)))

let count = 0
for (const path of paths) {
  const text = readFileSync(join(repositoryRoot, path), 'utf8')
  if (text.length > FILE_SIZE_MAX) continue
  const source = { path, text }
  for (const rule of RULES) {
    for (const { line, message } of rule.check(source)) {
      console.error(`${path}:${line}: ${message} (${rule.name})`)
      count += 1
    }
  }
}
console.error(`tidy: ${paths.length} files, ${count === 0 ? 'nothing to say' : `${count} to mend`}`)
process.exitCode = count === 0 ? 0 : 1
