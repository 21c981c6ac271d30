import { expect, test } from '@jest/globals'
import { apache, rockhopper } from '../contenders.js'
import { Recorder } from '../recorder.js'
import { reached, TARGETS } from './targets.js'

const target = (measure: string) => {
  const found = TARGETS.find((one) => one.measure === measure)
  if (found === undefined) throw new Error(`no target '${measure}'`)
  return found
}

test('a target is the ratio of medians in the same run, graded both ways', () => {
  const recorder = new Recorder(() => undefined)
  const cell = 'ASYNC_FLUSH c4 n64 b1024'
  const measured = target('send ASYNC, c4 n64 b1024: rate')
  const add = (contender: string, round: number, rate: number, cpuUs: number) =>
    recorder.add({ part: 'send', cell, contender, round, values: { rate, cpuUs, errors: 0 } })
  for (const round of [1, 2, 3]) add(rockhopper.name, round, 100_000 * round, 5)
  expect(reached(measured, recorder)).toBeUndefined()
  for (const round of [1, 2, 3]) add(apache.name, round, 25_000 * round, 30)
  expect(reached(measured, recorder)).toEqual({ value: 4, grade: 'must' })
  const cpu = target('send ASYNC, c4 n64 b1024: CPU per message')
  expect(reached(cpu, recorder)?.grade).toBe('stretch')
})

test('one error among all sends falls short', () => {
  const recorder = new Recorder(() => undefined)
  const errors = target('errors of ours under all sends')
  for (const [round, count] of [0, 1].entries()) {
    recorder.add({ part: 'send', cell: 'c', contender: rockhopper.name, round, values: { errors: count } })
  }
  expect(reached(errors, recorder)).toEqual({ value: 1, grade: 'falls short' })
})

test('no two targets have one name', () => {
  expect(new Set(TARGETS.map(({ measure }) => measure)).size).toBe(TARGETS.length)
})
