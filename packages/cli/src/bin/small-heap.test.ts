import { spawnSync } from 'node:child_process'
import { expect, test } from '@jest/globals'

/** Leaves garbage of which some survives its first collection, which is what makes V8 grow. */
const PROGRAM = `
import v8 from 'node:v8'
const { keepHeapSmall } = await import(process.argv[1])
if (process.argv[2] === 'small') keepHeapSmall()
const kept = []
for (let i = 0; i < 3_000_000; i++) kept[i % 100_000] = { i, text: [i] }
const young = v8.getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')
process.stdout.write(String(young.space_size / 1024 / 1024))
`

function youngMiB(how: 'small' | 'as it is'): number {
  const module = new URL('../../dist/bin/small-heap.js', import.meta.url).href
  const args = ['--input-type=module', '-e', PROGRAM, module, how]
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
  return Number(stdout)
}

test('the young generation does not grow', () => {
  expect(youngMiB('as it is')).toBeGreaterThan(8)
  expect(youngMiB('small')).toBeLessThan(4)
})
