import { spawn } from 'node:child_process'

export interface RunOptions {
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
  /** Default 10 minutes: a first build downloads. */
  readonly timeoutMs?: number
}

/** Runs a command to its end; anything but exit code 0 rejects with what it printed. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<void> {
  return output(command, args, options).then(() => undefined)
}

/** The standard output of a command that ended with exit code 0. */
export function output(command: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: options.timeoutMs ?? 600_000,
      killSignal: 'SIGKILL',
    })
    let printed = ''
    let complained = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      printed += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complained += text
    })
    child.on('error', (cause) => reject(new Error(`cannot start ${command}`, { cause })))
    child.on('close', (code, signal) => {
      if (code === 0) resolve(printed)
      else
        reject(new Error(`${command} ${args.join(' ')}: exit ${code ?? signal}\n${printed}\n${complained}`))
    })
  })
}
