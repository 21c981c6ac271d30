import { MqError } from '@rockhopper/message'
import { rebuildStore, summarizeStore, verifyStore } from '@rockhopper/store/inspect'
import type { Command } from 'commander'
import { ExitCode } from '../exit-code.js'
import type { Finish } from '../serving/server-commands.js'
import type { Surroundings } from '../surroundings.js'
import { addDump } from './dump-command.js'
import { progressOf, sizeText } from './progress-bar.js'
import { inUse, jsonText, type StoreOptions, storeCommand, wholeNumber, withStore } from './store-command.js'
import { summaryText, verifiedText } from './store-text.js'
import { storeUser } from './store-user.js'

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
