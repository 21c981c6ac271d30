import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { envCases } from '../suite/index.js'
import { tableCrc32 } from './node-compute.js'
import { createNodeEnv } from './node-env.js'
import { createStderrLog } from './stderr-log.js'

let root: string
let count = 0

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'rockhopper-env-'))
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

describe('the Node implementation of Env', () => {
  const env = createNodeEnv()
  for (const item of envCases) {
    test(item.name, async () => {
      const directory = join(root, String(count++))
      env.disk.makeDirectory(directory)
      await item.run(env, directory)
    })
  }
})

test('the table of the CRC agrees with zlib', () => {
  expect(tableCrc32(Buffer.from('hello')) & 0x7fffffff).toBe(907060870)
  expect(tableCrc32(Buffer.alloc(0))).toBe(0)
})

test('a warning repeats at most every ten seconds and says how many were left out', () => {
  let now = 0
  const lines: string[] = []
  const clock = { ...createNodeEnv().clock, monotonic: () => now, now: () => 0 }
  const log = createStderrLog(clock, (line) => void lines.push(line))
  log.warn('disk_slow', { ms: 12 })
  log.warn('disk_slow', { ms: 13 })
  log.warn('other')
  now = 10_001
  log.warn('disk_slow', { ms: 14, error: new Error('two\nlines') })
  expect(lines).toEqual([
    '1970-01-01T00:00:00.000Z WARN disk_slow ms=12\n',
    '1970-01-01T00:00:00.000Z WARN other\n',
    '1970-01-01T00:00:00.000Z WARN disk_slow (1 more before) ms=14 error=two lines\n',
  ])
})
