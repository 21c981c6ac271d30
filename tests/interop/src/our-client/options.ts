/** Values of `--name value`; a name without a value is a switch. */
export type Options = ReadonlyMap<string, string>

export function parseOptions(args: readonly string[]): Options {
  const options = new Map<string, string>()
  for (let i = 0; i < args.length; i++) {
    const name = args[i]?.replace(/^--/, '') ?? ''
    const value = args[i + 1]
    if (value === undefined || value.startsWith('--')) options.set(name, 'true')
    else options.set(name, args[++i] ?? '')
  }
  return options
}

export function required(options: Options, name: string): string {
  const value = options.get(name)
  if (value === undefined) throw new Error(`missing --${name}`)
  return value
}

export function text(options: Options, name: string, fallback: string): string {
  return options.get(name) ?? fallback
}

export function number(options: Options, name: string, fallback: number): number {
  const value = options.get(name)
  return value === undefined ? fallback : Number(value)
}

export function switched(options: Options, name: string): boolean {
  return options.get(name) === 'true'
}
