import { readFileSync } from 'node:fs'

/** What is used of the file that `jest --json --outputFile` writes. */
interface JestResults {
  readonly testResults: readonly {
    readonly name: string
    readonly status: string
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[]
  }[]
}

export interface Tally {
  readonly passed: number
  readonly failed: number
  /** Full names of the tests that did not run. */
  readonly skipped: readonly string[]
}

export const NOTHING: Tally = { passed: 0, failed: 0, skipped: [] }

/** A file that could not run counts as one failed test; so does a result file that is missing or broken. */
export function readTally(file: string): Tally {
  try {
    return tally(JSON.parse(readFileSync(file, 'utf8')) as JestResults)
  } catch (error) {
    console.error(`${file}: no results (${String(error)})`)
    return { ...NOTHING, failed: 1 }
  }
}

export function tally({ testResults }: JestResults): Tally {
  const tests = testResults.flatMap((file) => file.assertionResults)
  const count = (status: string): number => tests.filter((one) => one.status === status).length
  const broken = testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((one) => one.status === 'failed'),
  )
  return {
    passed: count('passed'),
    failed: count('failed') + broken.length,
    skipped: tests
      .filter(({ status }) => status !== 'passed' && status !== 'failed')
      .map((one) => one.fullName),
  }
}

export function add(one: Tally, other: Tally): Tally {
  return {
    passed: one.passed + other.passed,
    failed: one.failed + other.failed,
    skipped: [...one.skipped, ...other.skipped],
  }
}

/** The last line of every run. */
export function closingLine({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed} failed, ${skipped.length} skipped`
}
