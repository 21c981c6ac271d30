import { Demo } from './demo.js'
import { HELP, readOptions, UsageError } from './options.js'
import { whenParentEnds } from './parent.js'

const FORCE_EXIT_MS = 10_000

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2))
  if (options === 'help') {
    process.stdout.write(HELP)
    return
  }
  const demo = new Demo(options, (line) => process.stdout.write(`  ${line}\n`))
  endWithSignals(demo)
  process.stdout.write(`Starting ${options.scenarios.join(', ')}; data in ${options.dataDir}\n`)
  try {
    await demo.start()
  } catch (error) {
    await demo.stop()
    throw error
  }
  process.stdout.write(`\nReady: ${demo.pageUrl}\nCtrl-C drains and ends, a second Ctrl-C ends at once.\n`)
}

/** First signal, or the end of the process that started the demo: drain. Second signal: end now. */
function endWithSignals(demo: Demo): void {
  let ending = false
  const end = (why: string): void => {
    if (ending) {
      process.exit(1)
    }
    ending = true
    process.stdout.write(`\n${why}: draining, at most ten seconds; once more to end at once\n`)
    setTimeout(() => process.exit(1), FORCE_EXIT_MS).unref()
    demo.stop().then(
      () => {
        process.stdout.write('all ended\n')
        process.exit(0)
      },
      () => process.exit(1),
    )
  }
  process.on('SIGINT', () => end('Ctrl-C'))
  process.on('SIGTERM', () => end('SIGTERM'))
  whenParentEnds(() => {
    if (!ending) end('parent ended')
  })
}

main().catch((error: unknown) => {
  const wrongUsage = error instanceof UsageError
  process.stderr.write(`${wrongUsage ? error.message : String((error as Error).message ?? error)}\n`)
  process.exit(wrongUsage ? 2 : 1)
})
