/** What a program on some client is to do; all of them take it as `--name value` on their command line. */
export interface SendTask {
  readonly mode: 'send'
  readonly nameserver: string
  readonly topic: string
  /** Threads, goroutines or calls under way; each waits for its answer before it sends again. */
  readonly inFlight: number
  readonly bodySize: number
  readonly warmUpMs: number
  readonly measureMs: number
}

/** A push consumer with the client's defaults, of a group that is new, from the first message on. */
export interface DrainTask {
  readonly mode: 'drain'
  readonly nameserver: string
  readonly topic: string
  readonly group: string
  /** Messages before the measured part, and in all. */
  readonly warmUp: number
  readonly count: number
}

export type ClientTask = SendTask | DrainTask

const option = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)

/** The command line that asks for it. */
export const argumentsOf = (task: ClientTask): string[] =>
  Object.entries(task).flatMap(([name, value]) => [`--${option(name)}`, String(value)])

/** Of a command line that `argumentsOf` made. @throws Error for one that it did not. */
export function taskOf(args: readonly string[]): ClientTask {
  const entries: [string, string | number][] = []
  for (let i = 0; i + 1 < args.length; i += 2) {
    const name = (args[i] ?? '').slice(2).replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
    const value = args[i + 1] ?? ''
    entries.push([name, /^\d+$/.test(value) ? Number(value) : value])
  }
  const task: Record<string, string | number> = Object.fromEntries(entries)
  if (task['mode'] !== 'send' && task['mode'] !== 'drain') throw new Error(`--mode ${task['mode']}`)
  return task as unknown as ClientTask
}
