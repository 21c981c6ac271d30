import { cpus } from 'node:os'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { apache, otherBuild, rockhopper } from './contenders.js'
import { benchNest, NEST_FULL, NEST_QUICK } from './nest.js'
import { benchPaired } from './paired.js'
import { benchPeers } from './peers/bench-peers.js'
import { needFreeDisk, Recorder } from './recorder.js'
import { benchFlame } from './report/bench-flame.js'
import { writePage } from './report/write-page.js'
import { benchBroker } from './rows/bench-broker.js'
import { FULL, QUICK } from './rows/row.js'
import { benchSend, SEND_FULL } from './send.js'
import { benchStartup } from './startup.js'
import { benchStore } from './store.js'

const HELP = `npm run bench -- [startup|send|peers|broker|store|nest|flame] [quick] [ours] [only=NAME]
         [flush=MODE] [out=FILE]
       npm run bench -- report from=FILE,…
       npm run bench -- against=DIR [only=CELL] [flush=MODE] [pairs=20]

  startup   time to the first acknowledged send and idle memory, Rockhopper and Apache in one run (default)
  send      acknowledged sends: rate, latency, CPU per message; both in one run, ASYNC_FLUSH and SYNC_FLUSH
  peers     sends to NATS JetStream, Redis Streams, RabbitMQ and Kafka, as far as they are installed
  broker    pulls, filters, latency to a consumer, delays, transactions, memory, growth, overload
  store     the store alone: put, get, zeros ahead, recovery, memory; needs 30 GB of free disk
  nest      handler invocations through NestJS transports against plain clients: ours, Kafka, NATS
  flame     flame graphs of a broker under sends and under pulls, and its costliest functions; into=DIR
  report    writes the tables and charts of docs/benchmarks.md from what out=FILE kept
  quick     two rounds instead of five, and shorter: Apache's side is not warm then
  ours      only Rockhopper
  only=c4   only cells (nest: brokers; store: put-get, zeros, recovery, memory) whose name has this in it
  against   sends to this build and to another (the root of a checkout that is compiled) or to apache, in
            short turns: for a machine that does other things as well;
  flush=SYNC  only one mode of flushing
  out=FILE  each measurement is also added to this file, a line of JSON each

Needs java and mvn for Apache's side and Kafka, nats-server for NATS, and Linux for memory and CPU figures.
`

const PEERS_FULL = { rounds: 3, warmUpMs: 4_000, measureMs: 3_000 }
const IMAGES = fileURLToPath(new URL('../../../docs/images', import.meta.url))
const WORDS = ['startup', 'send', 'peers', 'broker', 'store', 'nest', 'flame', 'report', 'quick', 'ours']

async function main(): Promise<void> {
  const words = process.argv.slice(2).filter((word) => word !== '--')
  const unknown = words.find(
    (word) => !WORDS.includes(word) && !/^(only|against|flush|pairs|out|into|from)=./.test(word),
  )
  if (words.includes('--help') || unknown !== undefined) {
    process.stdout.write(HELP)
    process.exitCode = words.includes('--help') ? 0 : 2
    return
  }
  const print = (line: string): void => void process.stdout.write(`${line}\n`)
  print(`Node ${process.version}, ${process.platform} ${process.arch}, ${cpus().length} cores`)
  const quick = words.includes('quick')
  const against = wordOf(words, 'against')
  if (against !== undefined) {
    const [only, flush, pairs] = ['only', 'flush', 'pairs'].map((name) => wordOf(words, name))
    const contenders = [rockhopper, against === 'apache' ? apache : otherBuild(against)] as const
    const count = pairs === undefined ? undefined : Number(pairs)
    const recorder = new Recorder(print, wordOf(words, 'out'))
    await benchPaired({ contenders, only, flush, pairs: count }, recorder)
    return
  }
  if (words.includes('nest')) {
    const only = words.includes('ours') ? 'rockhopper' : wordOf(words, 'only')
    return benchNest({ ...(quick ? NEST_QUICK : NEST_FULL), only }, print)
  }
  const recorder = new Recorder(print, wordOf(words, 'out'))
  if (!quick) needFreeDisk()
  if (words.includes('send')) {
    await benchSend(
      {
        ...SEND_FULL,
        ...(quick ? { rounds: 2, measureMs: 2_000, warmUpMs: 1_000 } : {}),
        only: wordOf(words, 'only'),
        flush: wordOf(words, 'flush'),
        ...(words.includes('ours') ? { contenders: [rockhopper] } : {}),
      },
      recorder,
    )
    return
  }
  if (words.includes('report')) return writePage(dirname(IMAGES), (wordOf(words, 'from') ?? '').split(','))
  if (words.includes('flame')) {
    return benchFlame(quick ? QUICK : FULL, wordOf(words, 'into') ?? IMAGES, recorder)
  }
  if (words.includes('broker')) {
    const contenders = words.includes('ours') ? [rockhopper] : [rockhopper, apache]
    return benchBroker({ sizes: quick ? QUICK : FULL, only: wordOf(words, 'only'), contenders }, recorder)
  }
  if (words.includes('peers')) {
    const times = quick ? { rounds: 1, warmUpMs: 1_000, measureMs: 1_000 } : PEERS_FULL
    return benchPeers(times, recorder)
  }
  if (words.includes('store')) return benchStore(quick, print, wordOf(words, 'only'))
  await benchStartup(quick ? 2 : 5, print)
}

/** Of `name=value`. */
function wordOf(words: readonly string[], name: string): string | undefined {
  return words.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1)
}

await main()
