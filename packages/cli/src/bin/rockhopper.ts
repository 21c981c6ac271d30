import { createNodeEnv } from '@rockhopper/env'
import { main } from '../main.js'
import { version } from '../version.js'
import { compileFromNow } from './interpreted-start.js'
import { giveBackStart, keepHeapSmall } from './small-heap.js'

/** The only place of this package that knows the process: signals, streams and the exit. */

/** At most once; what comes second finds no handler: a signal then ends the process at once. */
function stopAsked(): Promise<string> {
  const signals = ['SIGTERM', 'SIGINT'] as const
  return new Promise((resolve) => {
    const asked = (why: string): void => {
      for (const signal of signals) process.off(signal, asked)
      process.off('disconnect', parentEnded)
      resolve(why)
    }
    const parentEnded = (): void => asked('end of the parent')
    for (const signal of signals) process.on(signal, asked)
    // A parent that holds an IPC channel, and is gone: the demo starts its broker so. It may have gone while
    // this process still read its modules; nobody heard the event then.
    if (process.send !== undefined && !process.connected) parentEnded()
    else process.on('disconnect', parentEnded)
  })
}

function inputEnded(): Promise<string> {
  return new Promise((resolve) => {
    process.stdin.on('end', () => resolve('end of input'))
    process.stdin.on('error', () => resolve('end of input'))
    process.stdin.resume()
  })
}

/** A dump of many GiB must not wait in memory for a slow reader. */
function outTaken(): Promise<boolean> {
  return new Promise((resolve) => {
    const open = () => !process.stdout.destroyed && process.stdout.writable
    if (!open() || !process.stdout.writableNeedDrain) return resolve(open())
    const done = () => {
      for (const event of ['drain', 'close', 'error']) process.stdout.off(event, done)
      resolve(open())
    }
    for (const event of ['drain', 'close', 'error']) process.stdout.on(event, done)
  })
}

// A reader that went away (`rockhopper topicList | head -1`) is no reason to fail.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
})

compileFromNow()
keepHeapSmall()
giveBackStart()

const exitCode = await main(process.argv.slice(2), version(), {
  env: createNodeEnv(),
  variables: process.env,
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  stopAsked,
  inputEnded,
  errIsTerminal: process.stderr.isTTY === true,
  outTaken,
})
// Exit only after what was written has left: a pipe takes it asynchronously.
process.stdout.write('', () => process.stderr.write('', () => process.exit(exitCode)))
