import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

/** What a program said: on standard output, parsed as JSON, and the end of its standard error. */
interface Run {
  readonly answer: unknown
  readonly said: string
}

/**
 * Runs a compiled program of this package. Long searches run so, outside Jest's VM
 * contexts, in which the same code takes eight times as long. What it says on standard error is shown.
 *
 * @throws Error with the end of its standard error when it fails.
 */
export async function runOf(
  name: string,
  args: readonly (string | number)[],
  env: NodeJS.ProcessEnv = {},
): Promise<Run> {
  const program = fileURLToPath(new URL(`../dist/${name}`, import.meta.url))
  const child = spawn(process.execPath, [program, ...args.map(String)], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    said = (said + chunk).slice(-4_000)
    process.stderr.write(chunk)
  })
  const printed = await text(child.stdout)
  const status = await ended
  if (status !== 0) throw new Error(`${name} ${args.join(' ')} ended with ${status}: ${said}`)
  return { answer: JSON.parse(printed), said }
}

/** What a compiled program of this package printed. */
export async function answerOf(name: string, args: readonly (string | number)[]): Promise<unknown> {
  return (await runOf(name, args)).answer
}
