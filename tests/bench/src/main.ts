import { cpus } from 'node:os'
import { benchStartup } from './startup.js'

const HELP = `npm run bench -- [startup] [quick]

  startup   time to the first acknowledged send and idle memory, Rockhopper and Apache in one run
  quick     two rounds instead of five

Needs java and mvn for Apache's side, and Linux for memory figures.
`

async function main(): Promise<void> {
  const words = process.argv.slice(2).filter((word) => word !== '--')
  const unknown = words.find((word) => word !== 'startup' && word !== 'quick')
  if (words.includes('--help') || unknown !== undefined) {
    process.stdout.write(HELP)
    process.exitCode = words.includes('--help') ? 0 : 2
    return
  }
  const print = (line: string): void => void process.stdout.write(`${line}\n`)
  print(`Node ${process.version}, ${process.platform} ${process.arch}, ${cpus().length} cores`)
  await benchStartup(words.includes('quick') ? 2 : 5, print)
}

await main()
