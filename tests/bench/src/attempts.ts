/**
 * Runs one measurement. A failure is said at once and the measurement runs once more; when that fails too
 * the others still run, and the process ends with 1. Undefined: there is no result.
 */
export async function twice<T>(
  what: string,
  print: (line: string) => void,
  measure: () => Promise<T>,
): Promise<T | undefined> {
  for (const next of ['once more', 'left out']) {
    try {
      return await measure()
    } catch (error) {
      print(`${what}  FAILED, ${next}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  process.exitCode = 1
  return undefined
}
