import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { cpuUsOf, descendantsCpuUs } from '../processes.js'
import type { LoadResult, LoadTask, Measured } from './load-task.js'

/** With the CPU of all processes of the side measured, in the measured time. */
export type WithServer<T> = T & { readonly serverCpuUs: number }
export type Loaded = WithServer<LoadResult>

/**
 * Runs the generator as a process of its own and reads what it prints. Rejects when it fails. `serverPid`:
 * only the CPU of this process is the server's; else of all that this process started but the generator.
 */
export function runLoad(task: LoadTask, serverPid?: number): Promise<Loaded> {
  return runGenerator([process.execPath, PROGRAM, JSON.stringify(task)], serverPid)
}

const PROGRAM = fileURLToPath(new URL('../../dist/load/load-process.js', import.meta.url))

/** No measurement takes so long: what hangs is ended, and fails. */
const HANGS_MS = 300_000

/** The same of any command that prints `measuring` when it begins to, and its result in the end. */
export async function runGenerator<T extends Measured>(
  command: readonly string[],
  serverPid?: number,
): Promise<WithServer<T>> {
  const serverCpuUs = () =>
    (serverPid === undefined ? descendantsCpuUs : cpuUsOf)(serverPid ?? child.pid ?? 0)
  const [program = '', ...args] = command
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const tooLong = setTimeout(() => child.kill('SIGKILL'), HANGS_MS)
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  }).finally(() => clearTimeout(tooLong))
  // Who reads its lines first sees the end of them.
  ended.catch(() => undefined)
  let result: T | undefined
  const cpu = { before: 0, after: 0 }
  for await (const line of createInterface({ input: child.stdout })) {
    if (line === 'measuring') {
      cpu.before = serverCpuUs()
      continue
    }
    // A client may say something of its own.
    if (!line.startsWith('{')) continue
    cpu.after = serverCpuUs()
    result = JSON.parse(line) as T
  }
  const code = await ended
  if (result === undefined) throw new Error(`${program} ended with ${code} and no result`)
  return { ...result, serverCpuUs: cpu.after - cpu.before }
}
