import { spawn, spawnSync } from 'node:child_process'
import { freePort, untilAccepting } from './ports.js'

/** A NATS server on a free port, or why there is none. */
export async function startNats(): Promise<{ readonly address: string; stop(): Promise<void> } | string> {
  const program = process.env['ROCKHOPPER_NATS_SERVER'] ?? 'nats-server'
  if (spawnSync(program, ['--version']).status !== 0)
    return `no ${program}: go install github.com/nats-io/nats-server/v2@v2.12.2, and put it on the PATH`
  const port = await freePort()
  const child = spawn(program, ['-a', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' })
  const ended = new Promise<void>((done) => child.once('close', () => done()))
  await untilAccepting(port, ended)
  return {
    address: `127.0.0.1:${port}`,
    async stop() {
      child.kill('SIGTERM')
      await ended
    },
  }
}
