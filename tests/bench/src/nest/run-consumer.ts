import { fork } from 'node:child_process'
import { join } from 'node:path'
import type { ConsumeTask } from './consumer-sides.js'
import type { HandlerRate } from './handler-meter.js'

const RUN_TIMEOUT_MS = 180_000

/** Runs one consumer to its end. `onReady` is called when it listens: then a broker without a log is fed. */
export function runConsumer(
  task: ConsumeTask,
  onReady: (isDone: () => boolean) => void,
): Promise<HandlerRate> {
  const execArgv = [...profiling(task.side), '--disable-warning=ExperimentalWarning']
  const script = join(import.meta.dirname, 'consumer-process.js')
  const child = fork(script, [JSON.stringify(task)], { execArgv })
  const timer = setTimeout(() => child.kill('SIGKILL'), RUN_TIMEOUT_MS)
  return new Promise((resolve, reject) => {
    let rate: HandlerRate | undefined
    child.on('message', (said: 'ready' | HandlerRate) => {
      if (said === 'ready') onReady(() => rate !== undefined || child.exitCode !== null)
      else rate = said
    })
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      if (rate !== undefined) resolve(rate)
      else
        reject(new Error(`the consumer '${task.side}' ended with ${code ?? signal} before its last message`))
    })
  })
}

/** With ROCKHOPPER_BENCH_PROFILE=DIR each consumer leaves a CPU profile there when it ends. */
function profiling(side: string): string[] {
  const directory = process.env['ROCKHOPPER_BENCH_PROFILE']
  if (directory === undefined) return []
  return [
    '--cpu-prof',
    `--cpu-prof-dir=${directory}`,
    `--cpu-prof-name=${side.replace(' ', '-')}-${Date.now()}.cpuprofile`,
  ]
}
