import type { BrokerConfig } from '@rockhopper/broker'
import { MqError } from '@rockhopper/message'
import {
  openStoreDirectory,
  rebuildStore,
  type StoreDirectory,
  summarizeStore,
  verifyStore,
} from '@rockhopper/store/inspect'
import { type Command, InvalidArgumentError } from 'commander'
import { ExitCode } from '../exit-code.js'
import { brokerConfiguration } from '../serving/configuration.js'
import type { Finish } from '../serving/server-commands.js'
import type { Surroundings } from '../surroundings.js'
import { addDump } from './dump-command.js'
import { progressOf, sizeText } from './progress-bar.js'
import { summaryText, verifiedText } from './store-text.js'
import { storeUser } from './store-user.js'

/** Options that every store command takes. */
export interface StoreOptions {
  readonly config?: string
  readonly json?: boolean
}

interface VerifyOptions extends StoreOptions {
  readonly limit: number
}

interface RebuildOptions extends StoreOptions {
  readonly allTopics?: boolean
}

export function addStoreCommands(program: Command, around: Surroundings, finish: Finish): void {
  const store = program
    .command('store')
    .description("Look at a store directory, check it, rebuild what is derived; Apache's or ours.")
    .addHelpText('after', '\nExamples:\n  rockhopper store info ./store\n  rockhopper store verify ./store')
  addInfo(store, around)
  addVerify(store, around, finish)
  addDump(store, around)
  addRebuild(store, around)
}

function addInfo(store: Command, around: Surroundings): void {
  storeCommand(
    store,
    'info',
    'Show files, offsets, queues, index, checkpoint and who uses the store.',
  ).action((directory: string, words: string[], options: StoreOptions) =>
    withStore(around, directory, words, options, async (opened) => {
      const user = await storeUser(opened)
      const summary = await summarizeStore(opened)
      around.out(
        options.json === true ? jsonText({ ...summary, inUseBy: user ?? null }) : summaryText(summary, user),
      )
    }),
  )
}

function addVerify(store: Command, around: Surroundings, finish: Finish): void {
  storeCommand(
    store,
    'verify',
    'Check every record, queue entry, index entry and the checkpoint; 1 if one is wrong.',
  )
    .option('--limit <count>', 'findings of one kind that are shown', wholeNumber, 100)
    .action((directory: string, words: string[], options: VerifyOptions) =>
      withStore(around, directory, words, options, async (opened, config) => {
        const user = await storeUser(opened)
        if (user !== undefined) around.err(inUse(directory, user))
        const progress = progressOf(around, 'verify')
        const verified = await verifyStore(opened, {
          limit: options.limit,
          ...(config.messageDelayLevel === undefined ? {} : { messageDelayLevel: config.messageDelayLevel }),
          progress: progress.update,
        }).finally(progress.end)
        around.out(
          options.json === true ? jsonText({ ...verified, inUseBy: user ?? null }) : verifiedText(verified),
        )
        if (verified.errorCount > 0) finish(ExitCode.FAILED)
      }),
    )
}

function addRebuild(store: Command, around: Surroundings): void {
  storeCommand(
    store,
    'rebuild',
    'Make consume queues and index again from the commit log; the broker must be stopped.',
  )
    .option('--all-topics', 'make queues also for topics that look deleted')
    .action((directory: string, words: string[], options: RebuildOptions) =>
      withStore(around, directory, words, options, async (opened, config) => {
        const user = await storeUser(opened)
        if (user !== undefined)
          throw new MqError('STORE_LOCKED', `rebuilding '${directory}', in use by ${user}`)
        const progress = progressOf(around, 'rebuild')
        const rebuilt = await rebuildStore(opened, {
          allTopics: options.allTopics === true,
          ...(config.messageDelayLevel === undefined ? {} : { messageDelayLevel: config.messageDelayLevel }),
          ...(config.messageIndexEnable === undefined
            ? {}
            : { messageIndexEnable: config.messageIndexEnable }),
          progress: progress.update,
        }).finally(progress.end)
        if (options.json === true) return around.out(jsonText(rebuilt))
        const { recordCount, entryCount, queueCount, badSize, leftOut } = rebuilt
        around.out(`${entryCount} entries in ${queueCount} queues from ${recordCount} records\n`)
        if (badSize > 0)
          around.out(`${sizeText(badSize)} of the log hold no record: see \`rockhopper store verify\`\n`)
        if (leftOut.length > 0) {
          around.out(`left out, for they look deleted (--all-topics makes them): ${leftOut.join(', ')}\n`)
        }
      }),
    )
}

/** What all of them take: a directory, the broker's configuration, --json. */
export function storeCommand(store: Command, name: string, description: string): Command {
  return store
    .command(name)
    .description(description)
    .argument('<directory>', 'storePathRootDir of the broker')
    .argument(
      '[key=value...]',
      'configuration keys of the broker that wrote it, such as maxHashSlotNum=5000000',
    )
    .option('-c, --config <file>', "the broker's broker.conf, for file sizes that are not the default")
    .option('--json', 'print data for programs')
    .addHelpText('after', `\nExample:\n  rockhopper store ${name} ./store`)
}

/** Opens the directory with the sizes that were given, and closes it whatever happens. */
export async function withStore(
  around: Surroundings,
  directory: string,
  words: readonly string[],
  { config: file }: StoreOptions,
  use: (opened: StoreDirectory, config: Partial<BrokerConfig>) => Promise<void>,
): Promise<void> {
  const { config, warnings } = brokerConfiguration(around.env, file, words)
  for (const warning of warnings) around.err(`${warning}\n`)
  const sizes = Object.fromEntries(
    (['mappedFileSizeCommitLog', 'mappedFileSizeConsumeQueue', 'maxHashSlotNum', 'maxIndexNum'] as const)
      .filter((key) => config[key] !== undefined)
      .map((key) => [key, config[key]]),
  )
  const { clock, disk, host, log } = around.env
  const root = directory.length > 1 ? directory.replace(/\/+$/, '') : directory
  const opened = openStoreDirectory({ env: { clock, disk, host, log }, directory: root, sizes })
  try {
    await use(opened, config)
  } finally {
    opened.close()
  }
}

/** A whole number of 0 or more. */
export function wholeNumber(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('Give a whole number of 0 or more.')
}

export function inUse(directory: string, user: string): string {
  return `'${directory}' is in use by ${user}: what is written now may be seen half done.\n`
}

export function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}
