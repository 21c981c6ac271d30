import { spawnSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { INTEROP_DIR } from '../build-cache.js'
import type { Servers } from './features.js'
import { COMPATIBILITY_FILE, compatibilityOf, outcomesFile, readOutcomes } from './outcomes.js'
import { compatibilityPage, compatibilityTable, matrixRows } from './page.js'

/**
 * Runs every scenario against both servers and writes vectors/compatibility.json and docs/compatibility.md:
 *
 *     npm run compatibility
 *
 * With `--no-run` it writes them from the outcomes of the last runs; with ROCKHOPPER_INTEROP_ONLY what
 * matches runs again, beside what the last runs had.
 */
const SERVERS: readonly Servers[] = ['ours', 'apache']
/** The file is looked at as every other is: with one value in a line it would be several times as long. */
const BIOME = join(INTEROP_DIR, '../../node_modules/.bin/biome')
if (!process.argv.includes('--no-run')) {
  for (const servers of SERVERS) {
    if (process.env['ROCKHOPPER_INTEROP_ONLY'] === undefined) rmSync(outcomesFile(servers), { force: true })
    const args = ['../../tools/jest.mjs', servers === 'ours' ? 'our-broker.test' : 'apache-broker.test']
    const env = { ...process.env, ROCKHOPPER_MATRIX: '1' }
    spawnSync(process.execPath, args, { cwd: INTEROP_DIR, stdio: 'inherit', env })
  }
}
const outcomes = SERVERS.flatMap(readOutcomes)
const compatibility = compatibilityOf('npm run compatibility', outcomes)
writeFileSync(COMPATIBILITY_FILE, `${JSON.stringify(compatibility, null, 2)}\n`)
spawnSync(BIOME, ['format', '--write', COMPATIBILITY_FILE], { stdio: 'inherit' })
writeFileSync(join(INTEROP_DIR, '../../docs/compatibility.md'), compatibilityPage(compatibility))
process.stdout.write(`${compatibilityTable(compatibility)}\n`)
const states = matrixRows(compatibility).flatMap(({ cells }) => Object.values(cells))
if (states.some(({ kind }) => kind === 'failed' || kind === 'missing')) process.exitCode = 1
