import { cpus } from 'node:os'
import { otherBuild, rockhopper } from './contenders.js'
import { benchSend, SEND_FULL } from './send.js'
import { benchStartup } from './startup.js'
import { benchStore } from './store.js'

const HELP = `npm run bench -- [startup|send|store] [quick] [ours | against=DIR] [only=CELL] [flush=MODE]

  startup   time to the first acknowledged send and idle memory, Rockhopper and Apache in one run (default)
  send      acknowledged sends: rate, latency, CPU per message; both in one run, ASYNC_FLUSH and SYNC_FLUSH
  store     the store alone: put, get, zeros ahead, recovery, memory; needs 30 GB of free disk
  quick     two rounds instead of five, and shorter: Apache's side is not warm then
  ours      only Rockhopper
  against=DIR  another build of Rockhopper instead of Apache: the root of a checkout that is compiled
  only=c4   only cells whose name has this in it
  flush=SYNC  only this mode of flushing

Needs java and mvn for Apache's side, and Linux for memory and CPU figures.
`

const WORDS = ['startup', 'send', 'store', 'quick', 'ours']

/** A build of ours is warm soon; its changes are small, so that more rounds tell more than longer ones. */
const AGAINST_BUILD = { rounds: 7, measureMs: 3_000, warmUpMs: 2_000 }

async function main(): Promise<void> {
  const words = process.argv.slice(2).filter((word) => word !== '--')
  const unknown = words.find((word) => !WORDS.includes(word) && !/^(only|against|flush)=./.test(word))
  if (words.includes('--help') || unknown !== undefined) {
    process.stdout.write(HELP)
    process.exitCode = words.includes('--help') ? 0 : 2
    return
  }
  const print = (line: string): void => void process.stdout.write(`${line}\n`)
  print(`Node ${process.version}, ${process.platform} ${process.arch}, ${cpus().length} cores`)
  const quick = words.includes('quick')
  const against = wordOf(words, 'against')
  if (words.includes('send')) {
    await benchSend(
      {
        ...SEND_FULL,
        ...(quick ? { rounds: 2, measureMs: 2_000, warmUpMs: 3_000 } : {}),
        only: wordOf(words, 'only'),
        flush: wordOf(words, 'flush'),
        ...(against === undefined ? {} : { ...AGAINST_BUILD, contenders: [rockhopper, otherBuild(against)] }),
        ...(words.includes('ours') ? { contenders: [rockhopper] } : {}),
      },
      print,
    )
    return
  }
  if (words.includes('store')) return benchStore(quick, print)
  await benchStartup(quick ? 2 : 5, print)
}

/** Of `name=value`. */
function wordOf(words: readonly string[], name: string): string | undefined {
  return words.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1)
}

await main()
