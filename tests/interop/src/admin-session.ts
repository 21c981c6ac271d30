import type { Program } from './program.js'
import { storeProgram } from './store-writer.js'

/** Apache's mqadmin for several commands in one process. */
export interface AdminSession {
  /** What the command printed. */
  run(args: readonly string[]): Promise<string>
  end(): Promise<void>
  /** To be killed when something else fails. */
  readonly program: Program
}

const COMMAND_TIMEOUT_MS = 120_000

export async function adminSession(nameserver: string): Promise<AdminSession> {
  const program = await storeProgram('Admin', [])
  let asked = 0
  return {
    program,
    async run(args) {
      const wanted = ++asked
      program.tell([...args, '-n', nameserver].join('\t'))
      const line = await program.holds(() => program.of('printed')[wanted - 1], COMMAND_TIMEOUT_MS)
      if (line === undefined) throw new Error(`mqadmin ${args.join(' ')}: no answer\n${program.report()}`)
      return Buffer.from(String(line['text']), 'base64').toString('utf8')
    },
    async end() {
      await program.closed()
    },
  }
}
