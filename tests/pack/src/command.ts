import { spawn } from 'node:child_process'

const OUTPUT_MAX = 1024 * 1024

export interface CommandResult {
  readonly code: number
  /** Standard output and error, as they came. */
  readonly output: string
}

/** Runs a program to its end. It is killed, and the result is code 124, after `timeoutMs`. */
export function run(
  program: string,
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
  timeoutMs = 180_000,
): Promise<CommandResult> {
  return new Promise((resolve) => {
    const child = spawn(program, [...args], {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    const take = (chunk: Buffer): void => {
      if (output.length < OUTPUT_MAX) output += chunk.toString()
    }
    child.stdout.on('data', take)
    child.stderr.on('data', take)
    let late = false
    const timer = setTimeout(() => {
      late = true
      child.kill('SIGKILL')
    }, timeoutMs)
    child.on('error', (error) => {
      output += error.message
    })
    child.on('close', (code) => {
      clearTimeout(timer)
      resolve({ code: late ? 124 : (code ?? 1), output })
    })
  })
}

/** As `run`, but a failure throws with the whole output. */
export async function mustRun(...given: Parameters<typeof run>): Promise<string> {
  const { code, output } = await run(...given)
  if (code === 0) return output
  throw new Error(`${given[0]} ${given[1].join(' ')}: code ${code}\n${output}`)
}
