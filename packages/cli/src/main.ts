import { isMqError } from '@rockhopper/message'
import { Command, CommanderError } from 'commander'
import { inOptions } from './admin/access-options.js'
import { ExitCode, UsageError } from './exit-code.js'
import { addServerCommands, type Finish } from './serving/server-commands.js'
import type { Surroundings } from './surroundings.js'

/**
 * Runs one command line, without the two words of node itself; the answer is the exit code. Never
 * rejects.
 */
export async function main(
  words: readonly string[],
  version: string,
  around: Surroundings,
): Promise<ExitCode> {
  let exitCode: ExitCode = ExitCode.DONE
  const program = new Command('rockhopper')
    .description(
      'RocketMQ for TypeScript: name server, broker, and the admin commands under the names of mqadmin.',
    )
    .version(version)
    .showHelpAfterError('Run `rockhopper help <command>` for its options.')
    .exitOverride()
    .configureOutput({ writeOut: around.out, writeErr: around.err })
    .addHelpText('after', EXAMPLES)
  const finish = (code: ExitCode): void => {
    exitCode = code
  }
  addServerCommands(program, around, finish)
  if (!SERVERS.has(words[0] ?? '')) await addOtherCommands(program, around, finish)
  try {
    await program.parseAsync(words, { from: 'user' })
    return exitCode
  } catch (error) {
    return exitCodeOf(error, around)
  }
}

const SERVERS: ReadonlySet<string> = new Set(['server', 'nameserver', 'broker'])

/** Loaded when they may be meant: a server keeps what it loads in memory for as long as it runs. */
async function addOtherCommands(program: Command, around: Surroundings, finish: Finish): Promise<void> {
  const { addAdminCommands } = await import('./admin/admin-commands.js')
  const { addStoreCommands } = await import('./store/store-commands.js')
  const { addTopicsCommand } = await import('./topics/topics-command.js')
  addAdminCommands(program, around)
  addTopicsCommand(program, around, finish)
  addStoreCommands(program, around, finish)
}

const EXAMPLES = `
Examples:
  rockhopper server
  rockhopper topicList -n 127.0.0.1:9876
  rockhopper topics apply -f topics.yaml -n 127.0.0.1:9876 --dry-run

Exit codes: 0 done, 1 failed, 2 wrong usage.`

function exitCodeOf(error: unknown, around: Surroundings): ExitCode {
  // Commander has written what there is to say.
  if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.DONE : ExitCode.USAGE
  if (error instanceof UsageError) {
    around.err(`${error.message}\n`)
    return ExitCode.USAGE
  }
  around.err(`${describe(error)}\n`)
  return ExitCode.FAILED
}

/** MqError says what to do next in its message; of anything else the stack is wanted. */
function describe(error: unknown): string {
  if (isMqError(error)) return `ERROR ${inOptions(error.message)}${causeOf(error)}`
  return error instanceof Error ? `ERROR ${error.stack ?? error.message}` : `ERROR ${String(error)}`
}

function causeOf(error: Error): string {
  return error.cause instanceof Error
    ? `\n  because: ${inOptions(error.cause.message)}${causeOf(error.cause)}`
    : ''
}
