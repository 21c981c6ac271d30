import { parseArgs } from 'node:util'

export const SCENARIOS = ['shop', 'logs', 'seckill'] as const
export type Scenario = (typeof SCENARIOS)[number]

export interface DemoOptions {
  readonly scenarios: readonly Scenario[]
  /** First port wanted; each listener takes the next free one from its own wish on. */
  readonly portBase: number
  readonly dataDir: string
  readonly reset: boolean
}

export const HELP = `Rockhopper demo: a broker, and the services of a shop, a log pipeline and a seckill.

  npm start                      everything
  npm start -- shop              one scenario (${SCENARIOS.join(', ')})

  --port-base N    first port wanted (default 8010: page 8010, order 8011, collector 8021, …);
                   busy ones are skipped
  --data-dir DIR   where databases and messages are kept (default .rockhopper)
  --reset          forget what an earlier run left in the data folder
  --help           this text

The page's address is printed when all is up. Ctrl-C drains and ends, a second Ctrl-C ends at once.
`

/** Wrong usage: the message says what to write instead. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** @throws UsageError */
export function readOptions(args: readonly string[]): DemoOptions | 'help' {
  let parsed: ReturnType<typeof parse>
  try {
    parsed = parse(args)
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n${HELP}`)
  }
  const { values, positionals } = parsed
  if (values.help) return 'help'
  const portBase = Number(values['port-base'])
  if (!Number.isInteger(portBase) || portBase < 1 || portBase > 65_000) {
    throw new UsageError(`--port-base ${values['port-base']}: want a port from 1 to 65000`)
  }
  for (const name of positionals) {
    if (!SCENARIOS.some((known) => known === name)) {
      throw new UsageError(`no scenario '${name}'; there is: ${SCENARIOS.join(', ')}`)
    }
  }
  return {
    scenarios: positionals.length > 0 ? (positionals as Scenario[]) : SCENARIOS,
    portBase,
    dataDir: values['data-dir'],
    reset: values.reset,
  }
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: args.filter((argument) => argument !== '--'),
    allowPositionals: true,
    options: {
      'port-base': { type: 'string', default: '8010' },
      'data-dir': { type: 'string', default: '.rockhopper' },
      reset: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
}
