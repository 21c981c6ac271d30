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
  let server: RunningServer
  try {
    const { signal, onFatal } = stop
    server = await startServer({ ...options.config, env: around.env, host, signal, onFatal })
  } catch (error) {
    if (isMqError(error, 'REQUEST_ABORTED')) return ExitCode.DONE
    throw error
  }
  around.out(`${readyLine(server)}\n`)
  const { why, isFailure } = await stop.asked
  around.err(`${isFailure ? 'ERROR' : 'INFO'} ${why}: draining\n`)
  const exitCode = await stopInTime(around, server)
  return isFailure ? ExitCode.FAILED : exitCode
}

interface StopRequest {
  readonly why: string
  readonly isFailure: boolean
}

/** The first of: a signal, the end of input, a disk that failed. During the start it gives the start up. */
function stopRequest(around: Surroundings, withInput: boolean) {
  let onFatal = (_: Error): void => {}
  const failed = new Promise<StopRequest>((resolve) => {
    onFatal = (error) => resolve({ why: `The store failed (${error.message})`, isFailure: true })
  })
  const told = [around.stopAsked(), ...(withInput ? [around.inputEnded()] : [])]
  const asked = Promise.race([failed, ...told.map(async (why) => ({ why: await why, isFailure: false }))])
  const abort = new AbortController()
  void asked.then(({ why }) => abort.abort(why))
  return { asked, signal: abort.signal, onFatal: (error: Error): void => onFatal(error) }
}

/** Exactly one line, for programs that wait for it; it names only what was started. */
function readyLine({ nameserverAddress, brokers }: RunningServer): string {
  const parts = brokers.map(({ address }) => `broker=${address}`)
  if (nameserverAddress !== undefined) parts.unshift(`nameserver=${nameserverAddress}`)
  return `rockhopper ready ${parts.join(' ')}`
}

async function stopInTime(around: Surroundings, server: RunningServer): Promise<ExitCode> {
  const late = new Promise<'late'>((resolve) => {
    around.env.clock.after(STOP_LIMIT_MS, () => resolve('late'))
  })
  const outcome = await Promise.race([server.stop(), late])
  if (outcome !== 'late') return ExitCode.DONE
  around.err(`ERROR Not stopped after ${STOP_LIMIT_MS} ms; the next start will recover the store.\n`)
  return ExitCode.FAILED
}
