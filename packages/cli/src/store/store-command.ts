import type { BrokerConfig } from '@rockhopper/broker'
import { openStoreDirectory, type StoreDirectory } from '@rockhopper/store/inspect'
import { type Command, InvalidArgumentError } from 'commander'
import { brokerConfiguration } from '../serving/configuration.js'
import type { Surroundings } from '../surroundings.js'

/** Options that every store command takes. */
export interface StoreOptions {
  readonly config?: string
  readonly json?: boolean
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
