import { BODY_CODEC_NAMES, type BodyCodecName } from '../codec.js'
import { RocketMQSetupError } from '../exceptions.js'
import type { RocketMQModuleOptions } from '../options.js'
import type { SchemaIssue, TopicSchema } from '../topic-schema.js'

/** Variables by name, as `process.env` or what a ConfigModule made of it. */
export type Environment = Readonly<Record<string, unknown>>

type Read = { readonly value: string | number | boolean } | { readonly want: string }

interface Variable {
  readonly about: string
  readonly read: (text: string) => Read
}

/** The variables that `rocketMQOptions` reads; the README has the same table. Durations are milliseconds. */
export const ROCKETMQ_VARIABLES = {
  ROCKETMQ_NAMESRV_ADDR: { about: 'name servers, `host:port;host:port`', read: addresses },
  ROCKETMQ_PRODUCER_GROUP: { about: 'producer group', read: group },
  ROCKETMQ_ACCESS_KEY: { about: 'access key of a cluster that asks who calls', read: text },
  ROCKETMQ_SECRET_KEY: { about: 'secret that belongs to it', read: text },
  ROCKETMQ_TLS: {
    about: '`true`: speak TLS; further authorities come from `NODE_EXTRA_CA_CERTS`',
    read: oneOf(['true', 'false']),
  },
  ROCKETMQ_TLS_SERVERNAME: { about: 'name in the certificates; needs `ROCKETMQ_TLS`', read: text },
  ROCKETMQ_CODEC: { about: `form of bodies: ${BODY_CODEC_NAMES.join(', ')}`, read: oneOf(BODY_CODEC_NAMES) },
  ROCKETMQ_CONNECT_ATTEMPTS: { about: 'looks for a name server', read: whole(0, 1_000_000) },
  ROCKETMQ_CONSUMER_GROUP: { about: 'group of the handlers that name none', read: group },
  ROCKETMQ_CONCURRENCY: { about: 'messages at a time per group', read: whole(1, 1_000) },
  ROCKETMQ_MAX_RECONSUME_TIMES: { about: 'deliveries after the first', read: whole(0, 1_000_000) },
  ROCKETMQ_CONSUME_FROM: { about: '`first`, `last` or an ISO date', read: position },
  ROCKETMQ_AUTO_START: {
    about: '`false`: nothing is pulled before `resume()`',
    read: oneOf(['true', 'false']),
  },
  ROCKETMQ_SHUTDOWN_TIMEOUT_MS: { about: 'wait for running handlers', read: whole(0, 3_600_000) },
  ROCKETMQ_REQUEST_TIMEOUT_MS: { about: 'wait for an answer', read: whole(1, 3_600_000) },
  ROCKETMQ_SEND_TIMEOUT_MS: { about: 'wait for the broker, retries included', read: whole(1, 3_600_000) },
} as const satisfies Readonly<Record<string, Variable>>

type Name = keyof typeof ROCKETMQ_VARIABLES
type Values = Partial<Record<Name, string | number | boolean>>

/**
 * Checks and converts the ROCKETMQ_ variables above, and leaves every other one as it is: a Standard Schema,
 * for `ConfigModule.forRoot({ validationSchema: rocketMQEnvironment })` of `@nestjs/config` 12.
 */
export const rocketMQEnvironment: TopicSchema<unknown, Record<string, unknown>> = {
  '~standard': {
    version: 1,
    vendor: 'rockhopper',
    validate: (given) => {
      if (typeof given !== 'object' || given === null)
        return { issues: [{ message: 'want variables by name' }] }
      const { values, issues } = readAll(given as Environment)
      return issues.length > 0 ? { issues } : { value: { ...given, ...values } }
    },
  },
}

/**
 * Options of `RocketMQModule` from the environment: `RocketMQModule.forRoot(rocketMQOptions())`. An absent or
 * empty variable leaves its default. @throws RocketMQSetupError naming every variable that is wrong.
 */
export function rocketMQOptions(environment: Environment = process.env): RocketMQModuleOptions {
  const { values, issues } = readAll(environment)
  if (issues.length > 0) {
    throw new RocketMQSetupError(
      issues.map(({ path, message }) => `${String(path?.[0])}: ${message}`).join('; '),
    )
  }
  const options = {
    ...fields(values, {
      namesrvAddr: 'ROCKETMQ_NAMESRV_ADDR',
      producerGroup: 'ROCKETMQ_PRODUCER_GROUP',
      codec: 'ROCKETMQ_CODEC',
      connectAttempts: 'ROCKETMQ_CONNECT_ATTEMPTS',
    }),
    ...access(values),
    server: fields(values, {
      consumerGroup: 'ROCKETMQ_CONSUMER_GROUP',
      concurrency: 'ROCKETMQ_CONCURRENCY',
      maxReconsumeTimes: 'ROCKETMQ_MAX_RECONSUME_TIMES',
      from: 'ROCKETMQ_CONSUME_FROM',
      autoStart: 'ROCKETMQ_AUTO_START',
      shutdownTimeoutMs: 'ROCKETMQ_SHUTDOWN_TIMEOUT_MS',
    }),
    client: fields(values, {
      requestTimeoutMs: 'ROCKETMQ_REQUEST_TIMEOUT_MS',
      sendTimeoutMs: 'ROCKETMQ_SEND_TIMEOUT_MS',
    }),
  }
  // Each variable was read by its own row, which says what it is.
  return options as RocketMQModuleOptions & { readonly codec?: BodyCodecName }
}

/** Only whole: what lacks its partner was refused. */
function access({
  ROCKETMQ_ACCESS_KEY: accessKey,
  ROCKETMQ_SECRET_KEY: secretKey,
  ROCKETMQ_TLS: tls,
  ROCKETMQ_TLS_SERVERNAME: servername,
}: Values): Pick<RocketMQModuleOptions, 'acl' | 'tls'> {
  return {
    ...(accessKey === undefined
      ? {}
      : { acl: { accessKey: String(accessKey), secretKey: String(secretKey) } }),
    ...(tls === true ? { tls: servername === undefined ? {} : { servername: String(servername) } } : {}),
  }
}

function readAll(environment: Environment): { readonly values: Values; readonly issues: SchemaIssue[] } {
  const values: Values = {}
  const issues: SchemaIssue[] = []
  for (const [name, { read }] of Object.entries(ROCKETMQ_VARIABLES) as [Name, Variable][]) {
    const given = environment[name]
    if (given === undefined || given === '') continue
    const result = read(String(given))
    if ('value' in result) values[name] = result.value
    else issues.push({ path: [name], message: `want ${result.want}, not '${String(given)}'` })
  }
  return { values, issues: [...issues, ...missingPartners(values)] }
}

/** What says nothing alone: a key without its secret, a name to look for where TLS is off. */
function missingPartners(values: Values): SchemaIssue[] {
  const pairs: readonly (readonly [given: Name, wanted: Name])[] = [
    ['ROCKETMQ_ACCESS_KEY', 'ROCKETMQ_SECRET_KEY'],
    ['ROCKETMQ_SECRET_KEY', 'ROCKETMQ_ACCESS_KEY'],
    ['ROCKETMQ_TLS_SERVERNAME', 'ROCKETMQ_TLS'],
  ]
  return pairs
    .filter(([given, wanted]) => values[given] !== undefined && (values[wanted] ?? false) === false)
    .map(([given, wanted]) => ({ path: [wanted], message: `want it set, because ${given} is` }))
}

function fields(values: Values, names: Readonly<Record<string, Name>>): Record<string, unknown> {
  const present = Object.entries(names).filter(([, name]) => values[name] !== undefined)
  return Object.fromEntries(present.map(([field, name]) => [field, values[name]]))
}

function text(value: string): Read {
  return { value }
}

function addresses(text: string): Read {
  const each = text.split(';').filter((one) => one !== '')
  const fit = each.length > 0 && each.every((one) => /^[^\s:;]+:\d{1,5}$/.test(one))
  return fit ? { value: text } : { want: '`host:port`, several joined by `;`' }
}

function group(text: string): Read {
  return /^[%\w-]{1,120}$/.test(text)
    ? { value: text }
    : { want: '1 to 120 of letters, digits, `_`, `-`, `%`' }
}

function position(text: string): Read {
  if (text === 'first' || text === 'last' || !Number.isNaN(Date.parse(text))) return { value: text }
  return { want: '`first`, `last` or an ISO date' }
}

function whole(from: number, to: number): (text: string) => Read {
  return (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
    return value >= from && value <= to ? { value } : { want: `a whole number from ${from} to ${to}` }
  }
}

function oneOf(names: readonly string[]): (text: string) => Read {
  return (text) => {
    if (!names.includes(text)) return { want: names.join(' or ') }
    return { value: text === 'true' ? true : text === 'false' ? false : text }
  }
}
