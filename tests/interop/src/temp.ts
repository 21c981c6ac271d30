import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const made: string[] = []

/** A new directory that `removeTempDirs` takes away. */
export function tempDir(purpose: string): string {
  const directory = mkdtempSync(join(tmpdir(), `rockhopper-interop-${purpose}-`))
  made.push(directory)
  return directory
}

/** For afterAll: a test file's directories go when its programs have ended. */
export function removeTempDirs(): void {
  for (const directory of made.splice(0)) rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
}
