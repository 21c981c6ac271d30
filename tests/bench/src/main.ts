import { cpus } from 'node:os'
import { rockhopper } from './contenders.js'
import { benchSend, SEND_FULL } from './send.js'
import { benchStartup } from './startup.js'
import { benchStore } from './store.js'

const HELP = `npm run bench -- [startup|send|store] [quick] [ours] [only=CELL]

  startup   time to the first acknowledged send and idle memory, Rockhopper and Apache in one run (default)
  send      acknowledged sends: rate, latency, CPU per message; both in one run, ASYNC_FLUSH and SYNC_FLUSH
  store     the store alone: put, get, zeros ahead, recovery, memory; needs 30 GB of free disk
  quick     two rounds instead of five, and shorter: Apache's side is not warm then
  ours      only Rockhopper
  only=c4   only cells whose name has this in it

Needs java and mvn for Apache's side, and Linux for memory and CPU figures.
`

const WORDS = ['startup', 'send', 'store', 'quick', 'ours']

async function main(): Promise<void> {
  const words = process.argv.slice(2).filter((word) => word !== '--')
  const unknown = words.find((word) => !WORDS.includes(word) && !word.startsWith('only='))
  if (words.includes('--help') || unknown !== undefined) {
    process.stdout.write(HELP)
    process.exitCode = words.includes('--help') ? 0 : 2
    return
  }
  const print = (line: string): void => void process.stdout.write(`${line}\n`)
  print(`Node ${process.version}, ${process.platform} ${process.arch}, ${cpus().length} cores`)
  const quick = words.includes('quick')
  if (words.includes('send')) {
    await benchSend(
      {
        ...SEND_FULL,
        ...(quick ? { rounds: 2, measureMs: 2_000, warmUpMs: 3_000 } : {}),
        only: words.find((word) => word.startsWith('only='))?.slice('only='.length),
        ...(words.includes('ours') ? { contenders: [rockhopper] } : {}),
      },
      print,
    )
    return
  }
  if (words.includes('store')) return benchStore(quick, print)
  await benchStartup(quick ? 2 : 5, print)
}

await main()
