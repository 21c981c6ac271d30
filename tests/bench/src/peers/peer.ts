import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, connect as dial } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FlushMode } from '../cells.js'
import type { PeerTask } from './peer-task.js'

/** Another system that stores messages, in the mode that promises what ours does. */
export interface Peer {
  readonly name: string
  /** When what was acknowledged is on the disk: sometime later, or before the answer. */
  readonly durability: FlushMode
  readonly wire: PeerTask['wire']
  /** How to get it, when it is not there; undefined when it is. */
  missing(): string | undefined
  start(): Promise<StartedPeer>
}

export interface StartedPeer {
  readonly port: number
  /** Ends it and deletes its store. */
  stop(): Promise<void>
}

const START_TIMEOUT_MS = 90_000

/** True when a program is on the PATH. */
export function isInstalled(program: string): boolean {
  return spawnSync('sh', ['-c', 'command -v "$1"', 'sh', program]).status === 0
}

export function temporaryStore(name: string): string {
  return mkdtempSync(join(tmpdir(), `rockhopper-bench-${name}-`))
}

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no free port')
  return address.port
}

export interface Launch {
  readonly program: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly port: number
  readonly store: string
  /** After the process was told to end. */
  readonly after?: () => void
}

/** Starts a server and waits until it accepts connections. */
export async function launch({ program, args, env, port, store, after }: Launch): Promise<StartedPeer> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString('latin1')).slice(-4_000)
    })
  }
  const ended = new Promise<void>((done) => child.once('close', () => done()))
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM')
    const kill = setTimeout(() => child.kill('SIGKILL'), 10_000)
    await ended
    clearTimeout(kill)
    after?.()
    rmSync(store, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
  }
  try {
    await accepting(child, port)
  } catch (error) {
    await stop()
    throw new Error(`${program} did not start: ${said}`, { cause: error })
  }
  return { port, stop }
}

async function accepting(child: ChildProcess, port: number): Promise<void> {
  for (const giveUp = performance.now() + START_TIMEOUT_MS; performance.now() < giveUp; await sleep(100)) {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`)
    const open = await new Promise<boolean>((resolve) => {
      const socket = dial({ host: '127.0.0.1', port })
      socket.once('connect', () => {
        socket.destroy()
        resolve(true)
      })
      socket.once('error', () => resolve(false))
    })
    if (open) return
  }
  throw new Error(`nothing listens at ${port}`)
}
