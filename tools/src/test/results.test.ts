import { describe, expect, test } from '@jest/globals'
import { overBudget, parseAllowedSkips, unexpectedSkips } from './limits.js'
import { add, closingLine, NOTHING, tally } from './results.js'

describe('the tally of a run', () => {
  const file = (status: string, ...statuses: string[]) => ({
    name: 'x.test.ts',
    status,
    assertionResults: statuses.map((one, index) => ({ fullName: `${one} ${index}`, status: one })),
  })

  test('passed, failed and skipped tests are counted by their status', () => {
    const results = {
      testResults: [file('passed', 'passed', 'pending'), file('failed', 'failed', 'passed', 'todo')],
    }
    expect(tally(results)).toEqual({ passed: 2, failed: 1, skipped: ['pending 1', 'todo 2'] })
  })

  test('a file that could not be loaded is a failed test', () => {
    expect(tally({ testResults: [file('failed')] })).toEqual({ ...NOTHING, failed: 1 })
  })

  test('the last line adds all rows up', () => {
    const sum = add({ passed: 3, failed: 0, skipped: ['a'] }, { passed: 4, failed: 2, skipped: [] })
    expect(closingLine(sum)).toBe('7 passed, 2 failed, 1 skipped')
  })
})

describe('limits of a run', () => {
  test('a row over its budget and a row without one are complaints', () => {
    const complaints = overBudget(
      { unit: 4, e2e: 4 },
      new Map([
        ['unit', 240],
        ['e2e', 241],
        ['pack', 1],
      ]),
    )
    expect(complaints).toEqual([
      'e2e took 241 s; its budget is 4 min',
      'pack has no budget in tests/budget.json',
    ])
  })

  test('a skip is allowed by its full name only', () => {
    const allowed = parseAllowedSkips('# a remark\n\nstore opens a directory # no Apache here\n')
    expect(unexpectedSkips(['store opens a directory', 'store opens'], allowed)).toEqual(['store opens'])
  })
})
