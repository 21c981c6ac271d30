import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { StoreTask } from './store-task.js'

/** Runs one task in a process of its own, so that memory and caches of one do not help the next. */
export async function runStore<R>(task: StoreTask, nodeFlags: readonly string[] = []): Promise<R> {
  const program = fileURLToPath(new URL('./store-process.js', import.meta.url))
  const child = spawn(process.execPath, [...nodeFlags, program, JSON.stringify(task)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  for await (const line of createInterface({ input: child.stdout })) {
    if (task.kind === 'fill') child.kill('SIGKILL')
    await ended
    return JSON.parse(line) as R
  }
  throw new Error(`the store process ended with ${await ended} (${task.kind})`)
}
