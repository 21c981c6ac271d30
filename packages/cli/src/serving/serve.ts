import { type RunningServer, type ServerConfig, startServer } from '@rockhopper/embedded'
import { isMqError } from '@rockhopper/message'
import { ExitCode } from '../exit-code.js'
import type { Surroundings } from '../surroundings.js'
import { isLoopback } from './arguments.js'

/** What a drain may take before the process gives it up and says so. */
const STOP_LIMIT_MS = 9_500

export interface ServeOptions {
  readonly config: ServerConfig
  readonly warnings: readonly string[]
  /** Stop when standard input ends: so that a child process never outlives the test that started it. */
  readonly stopWithInput: boolean
}

/**
 * Starts what `config` says, prints the ready line, and stops at the first signal. The answer is the exit
 * code: 0 after a complete stop, 1 when the start failed or the stop took more than 9.5 s.
 */
export async function serve(around: Surroundings, options: ServeOptions): Promise<ExitCode> {
  const host = options.config.host ?? '127.0.0.1'
  for (const warning of options.warnings) around.err(`WARN ${warning}\n`)
  if (!isLoopback(host)) {
    around.err(`WARN Listening on ${host}: whoever reaches this address can read and write every message.\n`)
  }
  const stop = stopRequest(around, options.stopWithInput)
  return Promise.race([run(around, { ...options.config, host }, stop), tooLate(around, stop)])
}

async function run(around: Surroundings, config: ServerConfig, stop: Stop): Promise<ExitCode> {
  let server: RunningServer
  try {
    const { signal, onFatal } = stop
    server = await startServer({ ...config, env: around.env, signal, onFatal })
  } catch (error) {
    if (isMqError(error, 'REQUEST_ABORTED')) return (await stop.asked).exitCode
    throw error
  }
  around.out(`${readyLine(server)}\n`)
  const { why, exitCode } = await stop.asked
  around.err(`${exitCode === ExitCode.DONE ? 'INFO' : 'ERROR'} ${why}: draining\n`)
  await server.stop()
  return exitCode
}

async function tooLate(around: Surroundings, stop: Stop): Promise<ExitCode> {
  await stop.asked
  await new Promise<void>((resolve) => {
    around.env.clock.after(STOP_LIMIT_MS, resolve)
  })
  around.err(`ERROR Not stopped after ${STOP_LIMIT_MS} ms; the next start will recover the store.\n`)
  return ExitCode.FAILED
}

interface Stop {
  /** Resolves once there is a reason to stop. */
  readonly asked: Promise<{ readonly why: string; readonly exitCode: ExitCode }>
  /** The same, for the start. */
  readonly signal: AbortSignal
  readonly onFatal: (error: Error) => void
}

/** The first of: a signal, the end of input, a disk that failed. During the start it gives the start up. */
function stopRequest(around: Surroundings, withInput: boolean): Stop {
  let onFatal = (_: Error): void => {}
  const failed = new Promise<string>((resolve) => {
    onFatal = (error) => resolve(`The store failed (${error.message})`)
  }).then((why) => ({ why, exitCode: ExitCode.FAILED }))
  const told = [around.stopAsked(), ...(withInput ? [around.inputEnded()] : [])]
  const asked = Promise.race([
    failed,
    ...told.map(async (why) => ({ why: await why, exitCode: ExitCode.DONE })),
  ])
  const abort = new AbortController()
  void asked.then(({ why }) => abort.abort(why))
  return { asked, signal: abort.signal, onFatal: (error) => onFatal(error) }
}

/** Exactly one line, for programs that wait for it; it names only what was started. */
function readyLine({ nameserverAddress, brokers }: RunningServer): string {
  const parts = brokers.map(({ address }) => `broker=${address}`)
  if (nameserverAddress !== undefined) parts.unshift(`nameserver=${nameserverAddress}`)
  return `rockhopper ready ${parts.join(' ')}`
}
