import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { cpuUsOf, descendantsCpuUs } from '../processes.js'
import type { LoadResult, LoadTask } from './load-task.js'

export interface Loaded extends LoadResult {
  /** Of all processes of the side measured, in the measured time. */
  readonly serverCpuUs: number
}

/**
 * Runs the generator as a process of its own and reads what it prints. Rejects when it fails. `serverPid`:
 * only the CPU of this process is the server's; else of all that this process started but the generator.
 */
export function runLoad(task: LoadTask, serverPid?: number): Promise<Loaded> {
  return runGenerator(PROGRAM, task, serverPid)
}

const PROGRAM = fileURLToPath(new URL('../../dist/load/load-process.js', import.meta.url))

/** The same of any program that takes a task and prints a result. */
export async function runGenerator(program: string, task: object, serverPid?: number): Promise<Loaded> {
  const serverCpuUs = () =>
    (serverPid === undefined ? descendantsCpuUs : cpuUsOf)(serverPid ?? child.pid ?? 0)
  const child = spawn(process.execPath, [program, JSON.stringify(task)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  let result: LoadResult | undefined
  const cpu = { before: 0, after: 0 }
  for await (const line of createInterface({ input: child.stdout })) {
    if (line === 'measuring') {
      cpu.before = serverCpuUs()
      continue
    }
    cpu.after = serverCpuUs()
    result = JSON.parse(line) as LoadResult
  }
  const code = await ended
  if (result === undefined) throw new Error(`the load generator ended with ${code}`)
  return { ...result, serverCpuUs: cpu.after - cpu.before }
}
