import { clockCases } from './clock-cases.js'
import { diskCases } from './disk-cases.js'
import type { EnvCase } from './env-case.js'
import { netCases } from './net-cases.js'

export type { EnvCase } from './env-case.js'

/** The contract of `Env` as cases that any test runner can run against any implementation. */
export const envCases: readonly EnvCase[] = [...clockCases, ...diskCases, ...netCases]
