import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from '@jest/globals'

const PROGRAM = fileURLToPath(new URL('../dist/crowded-store.js', import.meta.url))
const QUEUES = 120

test('a process that may open 64 files serves 120 queues of two files each', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'rockhopper-crowded-'))
  try {
    const script = 'ulimit -n 64 && exec "$0" "$@"'
    const args = ['-c', script, process.execPath, PROGRAM, directory, String(QUEUES)]
    const { stdout } = await promisify(execFile)('/bin/sh', args)
    const sent = QUEUES * 3
    expect(JSON.parse(stdout)).toEqual({ acknowledged: sent, before: sent, state: 'open', after: sent })
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}, 60_000)
