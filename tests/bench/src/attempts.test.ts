import { afterEach, expect, test } from '@jest/globals'
import { twice } from './attempts.js'

afterEach(() => {
  process.exitCode = undefined
})

test('a measurement that fails is told of and runs once more', async () => {
  const said: string[] = []
  let calls = 0
  const result = await twice(
    'c1 n1',
    (line) => said.push(line),
    async () => {
      if (++calls === 1) throw new Error('REQUEST_TIMEOUT')
      return 7
    },
  )
  expect({ result, calls, said }).toEqual({
    result: 7,
    calls: 2,
    said: ['c1 n1  FAILED, once more: REQUEST_TIMEOUT'],
  })
  expect(process.exitCode).toBeUndefined()
})

test('one that fails twice is left out, and the run ends with 1', async () => {
  const said: string[] = []
  const fails = () => Promise.reject(new Error('down'))
  expect(await twice('c1 n1', (line) => said.push(line), fails)).toBeUndefined()
  expect(said).toEqual(['c1 n1  FAILED, once more: down', 'c1 n1  FAILED, left out: down'])
  expect(process.exitCode).toBe(1)
})
