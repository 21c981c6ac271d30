import {
  dumpIndex,
  dumpLog,
  dumpQueue,
  type RecordFilter,
  type StoreDirectory,
} from '@rockhopper/store/inspect'
import { type Command, Option } from 'commander'
import { UsageError } from '../exit-code.js'
import type { Surroundings } from '../surroundings.js'
import { type BodyForm, indexLine, recordLine, unitLine } from './dump-lines.js'
import { progressOf } from './progress-bar.js'
import { inUse, type StoreOptions, storeCommand, wholeNumber, withStore } from './store-command.js'
import { storeUser } from './store-user.js'

interface DumpOptions extends StoreOptions {
  readonly from?: number
  readonly to?: number
  readonly topic?: string
  readonly queue?: number
  readonly count?: number
  readonly body: BodyForm
  readonly queueEntries?: boolean
  readonly indexEntries?: boolean
}

export function addDump(store: Command, around: Surroundings): void {
  storeCommand(
    store,
    'dump',
    'Print records of the commit log, one a line; or queue entries, or index entries.',
  )
    .option('--from <offset>', 'first physical offset; with --queue-entries first queue offset', wholeNumber)
    .option('--to <offset>', 'physical offset, or queue offset, to stop before', wholeNumber)
    .option('-t, --topic <topic>', 'only of this topic')
    .option('-q, --queue <queueId>', 'only of this queue', wholeNumber)
    .option('--count <count>', 'so many at most', wholeNumber)
    .addOption(
      new Option('--body <form>', 'how bodies are shown').choices(['text', 'hex', 'none']).default('text'),
    )
    .option('--queue-entries', 'entries of the consume queue of --topic and --queue')
    .option('--index-entries', 'entries of the index of records from --from to --to')
    .action((directory: string, words: string[], options: DumpOptions) =>
      withStore(around, directory, words, options, async (opened) => {
        if (options.queueEntries === true && (options.topic === undefined || options.queue === undefined)) {
          throw new UsageError(
            'Say which queue: rockhopper store dump DIR --queue-entries --topic T --queue 0',
          )
        }
        const user = await storeUser(opened)
        if (user !== undefined) around.err(inUse(directory, user))
        if (options.queueEntries === true) await printQueue(around, opened, options)
        else if (options.indexEntries === true) await printIndex(around, opened, options)
        else await printRecords(around, opened, options)
      }),
    )
}

async function printRecords(
  around: Surroundings,
  opened: StoreDirectory,
  options: DumpOptions,
): Promise<void> {
  const lines: string[] = []
  const print = async (): Promise<boolean> => {
    const text = lines.splice(0).join('')
    if (text !== '') around.out(text)
    return (await around.outTaken?.()) ?? true
  }
  const progress = progressOf(around, 'dump')
  const end = await dumpLog(opened, filterOf(options), {
    record: (message) => void lines.push(`${recordLine(message, options.json === true, options.body)}\n`),
    bad: ({ from, to, why }) => around.err(`${from} to ${to}: ${to - from} bytes are no record: ${why}\n`),
    async progress(done, total) {
      progress.update(done, total)
      return print()
    },
  }).finally(progress.end)
  await print()
  if (end.reason === 'torn') around.err(`${end.end}: no record: ${end.why}\n`)
}

async function printQueue(around: Surroundings, opened: StoreDirectory, options: DumpOptions): Promise<void> {
  const { topic = '', queue: queueId = 0 } = options
  const { topic: _, queueId: __, ...range } = filterOf(options)
  const found = await dumpQueue(opened, { topic, queueId, ...range }, async (units) => {
    around.out(units.map((unit) => `${unitLine(unit, options.json === true)}\n`).join(''))
    return (await around.outTaken?.()) ?? true
  })
  if (found) return
  const queues = [...(opened.queues.topics().get(topic) ?? [])]
  const there = queues.length === 0 ? 'the store has no queue of it' : `it has ${queues.join(', ')}`
  throw new UsageError(
    `There is no queue ${queueId} of topic '${topic}': ${there}. See \`rockhopper store info\`.`,
  )
}

async function printIndex(around: Surroundings, opened: StoreDirectory, options: DumpOptions): Promise<void> {
  await dumpIndex(opened, filterOf(options), async (entries) => {
    around.out(entries.map((entry) => `${indexLine(entry, options.json === true)}\n`).join(''))
    return (await around.outTaken?.()) ?? true
  })
}

function filterOf({ from, to, topic, queue, count }: DumpOptions): RecordFilter {
  return {
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(topic === undefined ? {} : { topic }),
    ...(queue === undefined ? {} : { queueId: queue }),
    ...(count === undefined ? {} : { countMax: count }),
  }
}
