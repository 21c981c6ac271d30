// The branches that unit tests reach, by file: `npm run coverage -- packages/store`. Fails below the
// threshold that the package's jest.config.mjs sets.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const WORST_COUNT = 20

const packages = process.argv.slice(2)
if (packages.length === 0) {
  console.error('which package? For example: npm run coverage -- packages/store')
  process.exit(2)
}
for (const folder of packages) {
  const directory = join(ROOT, folder)
  const flags = ['--coverage', '--coverageDirectory=.results/coverage', '--coverageReporters=json-summary']
  const args = [join(ROOT, 'tools/jest.mjs'), ...flags]
  const { status } = spawnSync(process.execPath, args, { cwd: directory, stdio: 'inherit' })
  if (status !== 0) process.exitCode = 1
  const summary = JSON.parse(readFileSync(join(directory, '.results/coverage/coverage-summary.json'), 'utf8'))
  const { total, ...files } = summary
  const worst = Object.entries(files)
    .map(([path, { branches }]) => ({ path: relative(directory, path), ...branches }))
    .filter(({ total: all, covered }) => covered < all)
    .sort((a, b) => b.total - b.covered - (a.total - a.covered))
  for (const { path, covered, total: all } of worst.slice(0, WORST_COUNT))
    console.log(
      `${String(all - covered).padStart(4)} of ${String(all).padStart(3)} branches not reached  ${path}`,
    )
  const { covered, total: all, pct } = total.branches
  console.log(`${folder}: ${covered} of ${all} branches, ${pct} %`)
}
