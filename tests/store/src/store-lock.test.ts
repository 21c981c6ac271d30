import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from '@jest/globals'

const PROGRAM = fileURLToPath(new URL('../dist/locked-store.js', import.meta.url))

let directory = ''
const children = new Set<ChildProcess>()

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'rockhopper-lock-'))
})

afterEach(async () => {
  await Promise.all([...children].map(killed))
  rmSync(directory, { recursive: true, force: true })
})

/** A process that opens the store, and the first line it says: `open`, or why not. */
async function opened(path: string, pid?: number): Promise<{ child: ChildProcess; said: string }> {
  const args = [PROGRAM, path, ...(pid === undefined ? [] : [String(pid)])]
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  children.add(child)
  child.once('exit', () => children.delete(child))
  if (child.stdout === null) throw new Error('a child without standard output')
  const [said] = (await once(createInterface(child.stdout), 'line')) as [string]
  return { child, said }
}

async function killed(child: ChildProcess): Promise<void> {
  const exit = once(child, 'exit')
  child.kill('SIGKILL')
  await exit
}

test('a second process on a store is refused, told which process has it, and does no harm', async () => {
  const first = await opened(directory)
  expect(first.said).toBe('open')
  const second = await opened(directory)
  expect(second.said).toContain(`opening '${directory}': process ${first.child.pid} on `)
  expect(second.said).toContain('Another broker uses this store directory. Stop it, or choose another')
  if (second.child.exitCode === null) await once(second.child, 'exit')
  expect(second.child.exitCode).toBe(1)
  // The mark of the first one is still there: it was not taken for a crash, and nothing was recovered.
  expect(existsSync(join(directory, 'abort'))).toBe(true)
  const exit = once(first.child, 'exit')
  first.child.stdin?.end()
  expect(await exit).toEqual([0, null])
  expect(existsSync(join(directory, 'abort'))).toBe(false)
  expect((await opened(directory)).said).toBe('open')
})

test('another path to the same directory is the same store', async () => {
  const link = `${directory}-link`
  symlinkSync(directory, link)
  try {
    const first = await opened(directory)
    const second = await opened(link)
    expect([first.said, second.said]).toEqual([
      'open',
      expect.stringContaining(`process ${first.child.pid} on `),
    ])
  } finally {
    rmSync(link)
  }
})

test('what a killed process leaves refuses nobody, also when the next one has its process id', async () => {
  // As in a container: the broker is process 1, before and after.
  const first = await opened(directory, 1)
  expect(first.said).toBe('open')
  expect((await opened(directory, 1)).said).toContain('process 1 on ')
  await killed(first.child)
  expect(existsSync(join(directory, 'abort'))).toBe(true)
  expect((await opened(directory, 1)).said).toBe('open')
})
