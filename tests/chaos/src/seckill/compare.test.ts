import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from '@jest/globals'
import { postgresIfThere, postgresIsThere } from '../postgres.fixture.js'

const COMPARE = fileURLToPath(new URL('../../../../apps/seckill/compare/dist/main.js', import.meta.url))
const SIZES = ['requests=300', 'users=150', 'stock=5', 'seconds=2']

const testOnPostgres = postgresIsThere ? test : test.skip

testOnPostgres(
  'the same rush at the database and at the queue makes as many orders, and a picture of both',
  async () => {
    await using postgres = await postgresIfThere()
    const folder = mkdtempSync(join(tmpdir(), 'rockhopper-compare-test-'))
    const out = join(folder, 'compare.svg')
    try {
      const { stdout } = await promisify(execFile)(process.execPath, [COMPARE, ...SIZES, `out=${out}`], {
        env: { ...process.env, DATABASE_URL: await postgres?.createDatabase('compare') },
      })
      expect(stdout).toMatch(/^orders +20 +20$/m)
      expect(stdout).toMatch(/^(At the database|Users waited|The database alone was not worse)/m)
      expect(readFileSync(out, 'utf8')).toMatch(/^<svg[\s\S]*<polyline[\s\S]*<\/svg>\n$/)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
  180_000,
)
