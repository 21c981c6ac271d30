import { basename } from 'node:path'
import type { Command } from 'commander'
import { type AccessOptions, addAccessOptions } from '../admin/access-options.js'
import { targetOf } from '../admin/admin-command.js'
import { withAdmin } from '../admin/admin-commands.js'
import { ExitCode, UsageError } from '../exit-code.js'
import type { Surroundings } from '../surroundings.js'
import { readTopicsFile, type TopicsFile, TopicsFileError } from './topics-file.js'
import { applyPlan, planOf, type Step } from './topics-plan.js'

const FILE_SIZE_MAX = 1024 * 1024
const EXAMPLE = 'topics apply -f topics.yaml'

interface Options extends AccessOptions {
  readonly file: string
  readonly clusterName?: string
  readonly brokerAddr?: string
  readonly dryRun?: boolean
  readonly json?: boolean
}

/** `rockhopper topics apply`: topics and groups as a file wants them, on our brokers or Apache's. */
export function addTopicsCommand(
  program: Command,
  around: Surroundings,
  finish: (code: ExitCode) => void,
): void {
  const topics = program.command('topics').description('Topics and consumer groups from a file.')
  const command = topics
    .command('apply')
    .description('Make topics and groups as a file wants them; what is as wanted stays.')
    .requiredOption('-f, --file <file>', 'topics.yaml, see the README')
  addAccessOptions(command)
    .option('-c, --clusterName <cluster>', 'every master of this cluster (default: of every cluster)')
    .option('-b, --brokerAddr <address>', 'this broker alone, HOST:PORT')
    .option('--dry-run', 'say what would be done, and do nothing')
    .option('--json', 'print data for programs')
    .addHelpText('after', `\nExample:\n  rockhopper ${EXAMPLE} -n 127.0.0.1:9876 --dry-run`)
    .action(async (options: Options) => {
      const file = read(around, options.file)
      const { clusterName, brokerAddr, dryRun = false, json = false } = options
      await withAdmin(around, options, EXAMPLE, async (admin) => {
        const steps = await planOf(admin, file, targetOf({ clusterName, brokerAddr }))
        const refused = steps.some(({ what }) => what === 'refuse')
        if (!dryRun && !refused) await applyPlan(steps)
        around.out(json ? jsonText(steps, dryRun || refused) : textOf(steps, dryRun || refused))
        if (refused) {
          around.err('Nothing was changed. To take queues away by hand: rockhopper updateTopic\n')
          finish(ExitCode.FAILED)
        }
      })
    })
}

function read({ env }: Surroundings, path: string): TopicsFile {
  const bytes = env.disk.readFile(path, FILE_SIZE_MAX)
  if (bytes === undefined) throw new UsageError(`There is no file '${path}'. Check the path given with -f.`)
  try {
    return readTopicsFile(bytes.toString(), basename(path))
  } catch (error) {
    if (error instanceof TopicsFileError) throw new UsageError(error.message, { cause: error })
    throw error
  }
}

function jsonText(steps: readonly Step[], nothingDone: boolean): string {
  const rows = steps.map(({ apply: _, ...row }) => row)
  return `${JSON.stringify({ done: !nothingDone, steps: rows }, null, 2)}\n`
}

const DONE = { make: 'made', change: 'changed', refuse: 'refused', 'as wanted': 'as wanted' } as const
const TO_DO = {
  make: 'would be made',
  change: 'would be changed',
  refuse: 'refused',
  'as wanted': 'as wanted',
} as const

function textOf(steps: readonly Step[], nothingDone: boolean): string {
  const words = nothingDone ? TO_DO : DONE
  const lines = steps.map(({ kind, name, brokerAddr, what, differences, reason }) => {
    const details = differences.map(({ setting, from, to }) =>
      from === '' ? `${setting} ${to}` : `${setting} ${from} -> ${to}`,
    )
    const why = [reason, details.join(', ')].filter((text) => text !== undefined && text !== '').join('; ')
    return `${kind} ${name} at ${brokerAddr} ${words[what]}${why === '' ? '' : `: ${why}`}\n`
  })
  const counts = (Object.keys(words) as Step['what'][]).flatMap((what) => {
    const count = steps.filter((step) => step.what === what).length
    return count === 0 ? [] : [`${count} ${words[what]}`]
  })
  return `${lines.join('')}${counts.length === 0 ? 'the file names nothing' : counts.join(', ')}\n`
}
