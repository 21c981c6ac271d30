import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

export interface SnippetServer {
  readonly nameserverAddress: string
  stop(): Promise<void>
}

/** `rockhopper server` from the installed package, for the snippets that talk to a cluster. */
export function startSnippetServer(project: string): Promise<SnippetServer> {
  const program = join(project, 'node_modules', '.bin', 'rockhopper')
  const ports = ['--nameserver-port', '0', '--broker-port', '0', '--store-dir', join(project, 'store')]
  const child = spawn(process.execPath, [program, 'server', ...ports], { stdio: ['ignore', 'pipe', 'pipe'] })
  let errors = ''
  child.stderr.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString()).slice(-10_000)
  })
  return new Promise((resolve, reject) => {
    child.once('close', (code) => reject(new Error(`the server ended with ${code}\n${errors}`)))
    createInterface({ input: child.stdout }).on('line', (line) => {
      const address = /nameserver=(\S+)/.exec(line)?.[1]
      if (address === undefined) return
      resolve({
        nameserverAddress: address,
        stop: () =>
          new Promise((done) => {
            child.once('close', () => done())
            child.kill('SIGTERM')
          }),
      })
    })
  })
}
