import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export interface Echo {
  readonly port: number
  readonly pid: number
  stop(): Promise<void>
}

/** Starts echo-process.ts. */
export async function startEcho(): Promise<Echo> {
  const program = fileURLToPath(new URL('../../dist/echo/echo-process.js', import.meta.url))
  const child = spawn(process.execPath, [program], { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = new Promise<void>((done) => child.once('close', () => done()))
  const port = await new Promise<number>((found, reject) => {
    createInterface({ input: child.stdout }).once('line', (line) => found(Number(line.split(' ')[1])))
    child.once('close', (code) => reject(new Error(`the echo server ended with ${code}`)))
  })
  return {
    port,
    pid: child.pid ?? 0,
    stop() {
      child.kill()
      return ended
    },
  }
}
