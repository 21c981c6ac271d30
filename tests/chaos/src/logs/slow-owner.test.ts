import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@jest/globals'
import { withBug } from '../bugs.fixture.js'

const PROGRAM = fileURLToPath(new URL('../../dist/logs/slow-owner.js', import.meta.url))

const counted = (env: Readonly<Record<string, string>> = {}): number =>
  Number(execFileSync(process.execPath, [PROGRAM], { env: { ...process.env, ...env }, encoding: 'utf8' }))

test('an analytics that lost a queue and did not notice counts nothing twice', () => {
  expect(counted()).toBe(30)
})

test('the planted bug is found: analytics without a fence', () => {
  expect(counted(withBug('analytics without a fence'))).toBe(40)
})
