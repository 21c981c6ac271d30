/** What the process says when it ends (architecture: 0 done, 1 failed, 2 wrong usage). */
export const ExitCode = { DONE: 0, FAILED: 1, USAGE: 2 } as const
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode]

/** The words on the command line cannot be understood: exit code 2. Other errors mean 1. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
