import { execFile } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'

const root = join(import.meta.dirname, '..', '..', '..', '..')
const examples = join(root, 'apps', 'examples')
const readme = readFileSync(join(examples, 'README.md'), 'utf8')
const names = readdirSync(examples).filter((name) => existsSync(join(examples, name, 'package.json')))
/** What the README says an example prints, by its name. */
const printed = new Map(
  [...readme.matchAll(/^## (\S+)\n\n```text\n(.*?)^```$/gms)].map(([, name, text]) => [name, text]),
)

interface Ended {
  readonly code: number | string
  readonly stdout: string
  readonly stderr: string
}

function run(script: string, ...args: string[]): Promise<Ended> {
  const env = { ...process.env, NO_COLOR: '1', NODE_OPTIONS: '' }
  return new Promise((resolve) => {
    execFile(process.execPath, [script, ...args], { env, timeout: 50_000 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : (error.code ?? 1), stdout, stderr })
    })
  })
}

test('the README has a section and a row for every example, and for nothing else', () => {
  expect([...printed.keys()].sort()).toEqual(names)
  expect([...readme.matchAll(/^\| \[(\S+)\]/gm)].map(([, name]) => name).sort()).toEqual(names)
})

test.each(names)(
  '%s prints what the README says, and ends',
  async (name) => {
    const ended = await run(join(examples, name, 'dist', 'main.js'))
    expect(ended).toEqual({ code: 0, stdout: printed.get(name), stderr: '' })
  },
  60_000,
)

test('an example that is not there is answered with those that are', async () => {
  const { code, stderr } = await run(join(root, 'tools', 'bootstrap.mjs'), 'example', 'nothing')
  expect([code, stderr]).toEqual([2, `npm run example -- NAME: ${names.join(', ')}\n`])
})
