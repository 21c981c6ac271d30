import { cpus } from 'node:os'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CELLS, cellsNamed, modesNamed, WIDE_CELLS } from './cells.js'
import { benchClients, CLIENTS_FULL, CLIENTS_QUICK } from './clients/bench-clients.js'
import { apache, otherBuild, rockhopper } from './contenders.js'
import { benchNest, NEST_FULL, NEST_QUICK } from './nest.js'
import { benchPaired } from './paired.js'
import { benchPeers, PEERS_FULL, PEERS_QUICK } from './peers/bench-peers.js'
import { needFreeDisk, Recorder } from './recorder.js'
import { benchFlame } from './report/bench-flame.js'
import { writePage } from './report/write-page.js'
import { benchBroker } from './rows/bench-broker.js'
import { FULL, QUICK } from './rows/sizes.js'
import { benchSend } from './send.js'
import { benchStartup } from './startup.js'
import { benchStore } from './store.js'

const HELP = `npm run bench -- [startup|send [wide]|clients|broker|peers|store|nest|flame] [quick] [ours]
         [only=NAME] [flush=MODE] [out=FILE]
       npm run bench -- report from=FILE,…
       npm run bench -- against=DIR [wide] [only=CELL] [flush=MODE] [pairs=20]

  startup   time to the first acknowledged send and idle memory, Rockhopper and Apache in one run (default)
  send      acknowledged sends: rate, latency, CPU per message; both in one run, ASYNC_FLUSH and SYNC_FLUSH
  wide      other cells: 1,000 connections, bodies of 64 KiB, one connection with many in flight
  clients   Apache's Java and Go clients and ours: 64 sends in flight, a backlog consumed; on both brokers
  broker    pulls, filters, latency to a consumer, delays, transactions, rebalance, memory, growth, overload
  peers     sends to NATS JetStream, Redis Streams, RabbitMQ and Kafka, as far as they are installed
  store     the store alone: put, get, zeros ahead, recovery, memory; needs 30 GB of free disk
  nest      handler invocations through NestJS transports against plain clients: ours, Kafka, NATS
  flame     flame graphs of a broker under sends and under pulls, and its costliest functions; into=DIR
  report    writes the tables and charts of docs/benchmarks.md from what out=FILE kept
  quick     one or two rounds, and shorter: Apache's side is not warm then
  ours      only Rockhopper
  only=c4   only cells (nest: brokers; clients: clients; broker: rows; store: put-get, zeros, recovery,
            memory) whose name has this in it
  against   sends to this build and to another (the root of a checkout that is compiled) or to apache, in
            short turns: for a machine that does other things as well;
  flush=SYNC  only one mode of flushing
  out=FILE  each measurement is also added to this file, a line of JSON each

What fails is told of and runs once more; what fails twice is left out, and the command ends with 1.
Needs java and mvn for Apache's side and Kafka, go for its client, nats-server for NATS, and Linux for memory
and CPU figures.
`

const IMAGES = fileURLToPath(new URL('../../../docs/images', import.meta.url))
const FLAGS = ['wide', 'quick', 'ours']

/** What was asked for on the command line. */
interface Wanted {
  readonly words: ReadonlySet<string>
  readonly values: ReadonlyMap<string, string>
  readonly recorder: Recorder
}

const COMMANDS: Readonly<Record<string, (wanted: Wanted) => unknown>> = {
  startup: ({ words, recorder }) => benchStartup(words.has('quick') ? 2 : 5, recorder),
  send,
  clients: ({ words, values, recorder }) =>
    benchClients(
      { ...(words.has('quick') ? CLIENTS_QUICK : CLIENTS_FULL), only: values.get('only') },
      contendersOf(words),
      recorder,
    ),
  broker: ({ words, values, recorder }) =>
    benchBroker(
      { sizes: sizesOf(words), only: values.get('only'), contenders: contendersOf(words) },
      recorder,
    ),
  peers: ({ words, recorder }) => benchPeers(words.has('quick') ? PEERS_QUICK : PEERS_FULL, recorder),
  store: ({ words, values, recorder }) => benchStore(words.has('quick'), recorder.print, values.get('only')),
  nest: ({ words, values, recorder }) =>
    benchNest(
      {
        ...(words.has('quick') ? NEST_QUICK : NEST_FULL),
        only: words.has('ours') ? 'rockhopper' : values.get('only'),
      },
      recorder.print,
    ),
  flame: ({ words, values, recorder }) => benchFlame(sizesOf(words), values.get('into') ?? IMAGES, recorder),
  report: ({ values }) => writePage(dirname(IMAGES), (values.get('from') ?? '').split(',')),
  against,
}

const sizesOf = (words: ReadonlySet<string>) => (words.has('quick') ? QUICK : FULL)
const contendersOf = (words: ReadonlySet<string>) => (words.has('ours') ? [rockhopper] : [rockhopper, apache])
const cellsOf = ({ words, values }: Wanted) =>
  cellsNamed(words.has('wide') ? WIDE_CELLS : CELLS, values.get('only'))

async function send(wanted: Wanted): Promise<void> {
  const { words, values, recorder } = wanted
  const times = words.has('quick')
    ? { measureMs: 2_000, warmUpMs: 1_000 }
    : { measureMs: 4_000, warmUpMs: 3_000 }
  const rounds = words.has('wide') ? 3 : 5
  await benchSend(
    {
      ...times,
      rounds: words.has('quick') ? 2 : rounds,
      cells: cellsOf(wanted),
      modes: modesNamed(values.get('flush')),
      contenders: contendersOf(words),
    },
    recorder,
  )
}

async function against(wanted: Wanted): Promise<void> {
  const { values, recorder } = wanted
  const [root = '', pairs] = [values.get('against'), values.get('pairs')]
  await benchPaired(
    {
      contenders: [rockhopper, root === 'apache' ? apache : otherBuild(root)],
      pairs: pairs === undefined ? undefined : Number(pairs),
      cells: cellsOf(wanted),
      modes: modesNamed(values.get('flush')),
    },
    recorder,
  )
}

async function main(): Promise<void> {
  const words = new Set<string>()
  const values = new Map<string, string>()
  for (const word of process.argv.slice(2)) {
    const [, name, value] = /^(only|against|flush|pairs|out|into|from)=(.+)$/.exec(word) ?? []
    if (name !== undefined && value !== undefined) values.set(name, value)
    else if (word !== '--') words.add(word)
  }
  const commands = [...words].filter((word) => word in COMMANDS && word !== 'against')
  const unknown = [...words].some((word) => !FLAGS.includes(word) && !commands.includes(word))
  if (unknown || commands.length > 1) {
    process.stdout.write(HELP)
    process.exitCode = words.has('--help') ? 0 : 2
    return
  }
  const recorder = new Recorder((line) => void process.stdout.write(`${line}\n`), values.get('out'))
  recorder.print(`Node ${process.version}, ${process.platform} ${process.arch}, ${cpus().length} cores`)
  const name = values.has('against') ? 'against' : (commands[0] ?? 'startup')
  if (!words.has('quick') && !['against', 'nest', 'report'].includes(name)) needFreeDisk()
  await COMMANDS[name]?.({ words, values, recorder })
}

await main()
