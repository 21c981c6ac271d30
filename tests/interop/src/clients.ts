import { join } from 'node:path'
import { goProgram, INTEROP_DIR, javaFeatures, javaPrograms, springApplication } from './build-cache.js'
import type { Planned } from './plan.js'
import { writePlan } from './plan-file.js'
import { Program } from './program.js'
import { tempDir } from './temp.js'

/**
 * A program on some client, ours or a foreign one; all take the same options and report the same JSON lines.
 */
export interface ClientProgram {
  readonly name: string
  produce(options: ProduceOptions): Promise<Program>
  consume(options: ConsumeOptions): Promise<Program>
}

export interface ProduceOptions {
  readonly nameserver: string
  readonly group: string
  readonly messages: readonly Planned[]
  readonly mode?: 'sync' | 'async' | 'oneway' | 'batch' | 'transaction'
  /** Stays after the last message, for checks, until its input is closed. */
  readonly hold?: boolean
  /** Of ours only: tells what hooks see. */
  readonly hooks?: boolean
}

export interface ConsumeOptions {
  readonly nameserver: string
  readonly group: string
  readonly topic: string
  readonly expression?: string
  /** An SQL92 expression, instead of tags. */
  readonly sql?: string
  readonly orderly?: boolean
  readonly broadcast?: boolean
  /** It ends after so many distinct messages; without it when its input is closed. */
  readonly count?: number
  readonly failAttempts?: number
  readonly failTag?: string
  readonly maxReconsume?: number
  readonly deadlineMs?: number
  /** Keeps listening so long after the last expected message, to see duplicates. */
  readonly lingerMs?: number
  /** Of ours only: another split of the queues than the rest of the group, which is wrong. */
  readonly allocate?: 'circle'
  /** Of ours only: tells what hooks see. */
  readonly hooks?: boolean
}

type Options = Readonly<Record<string, string | number | boolean | undefined>>

const LONG = process.env['ROCKHOPPER_LONG'] === '1'
/** Short enough that a test does not wait for the client's usual 20 s rebalance. */
const REBALANCE_MS = 1_000
/** A consumer that waits for many senders on a busy machine must not give up before them. */
const CONSUME_DEADLINE_MS = LONG ? 900_000 : 180_000
const PROGRAM_DEADLINE_MS = CONSUME_DEADLINE_MS + 30_000
let instanceCount = 0

export type JavaClientVersion = '4.9.8' | '5.4.0'

export function javaClient(version: JavaClientVersion): ClientProgram {
  return {
    name: `Java ${version}`,
    produce: (options) => runJava(version, 'Produce', produceArguments(options)),
    consume: (options) => runJava(version, 'Consume', consumeArguments(options)),
  }
}

export const goClient: ClientProgram = {
  name: 'Go 2.1.1',
  produce: (options) => runGo('produce', produceArguments(options)),
  consume: (options) => runGo('consume', consumeArguments(options)),
}

/** Needs tests/interop and its siblings compiled: the program runs from dist, as a user's would. */
export const ourClient: ClientProgram = {
  name: 'Rockhopper',
  produce: (options) => runOurs('produce', produceArguments(options)),
  consume: (options) =>
    runOurs('consume', { ...consumeArguments(options), 'offset-dir': tempDir('offsets') }),
}

export async function runOurs(command: string, options: Options): Promise<Program> {
  return new Program({
    deadlineMs: PROGRAM_DEADLINE_MS,
    name: `Rockhopper ${command}`,
    command: process.execPath,
    args: [join(INTEROP_DIR, 'dist/our-client/main.js'), command, ...argumentsOf(options)],
    env: { ...process.env, NODE_OPTIONS: '' },
  })
}

export async function runJava(
  version: JavaClientVersion,
  mainClass: string,
  options: Options,
  moreJvmArguments: readonly string[] = [],
): Promise<Program> {
  const classPath = await javaPrograms(version)
  return new Program({
    deadlineMs: PROGRAM_DEADLINE_MS,
    name: `Java ${version} ${mainClass}`,
    command: 'java',
    args: [
      ...jvmArguments(),
      ...moreJvmArguments,
      '-cp',
      classPath,
      `interop.${mainClass}`,
      ...argumentsOf(options),
    ],
  })
}

/** A program of java/features: on the Java client 5.4.0, what 4.9 cannot do. */
export async function runJavaFeature(
  mainClass: string,
  options: Options,
  moreJvmArguments: readonly string[] = [],
): Promise<Program> {
  const classPath = await javaFeatures()
  return new Program({
    deadlineMs: PROGRAM_DEADLINE_MS,
    name: `Java 5.4.0 ${mainClass}`,
    command: 'java',
    args: [
      ...jvmArguments(),
      ...moreJvmArguments,
      ...['-cp', classPath, `interop.${mainClass}`, ...argumentsOf(options)],
    ],
  })
}

export async function runGo(command: string, options: Options): Promise<Program> {
  return new Program({
    deadlineMs: PROGRAM_DEADLINE_MS,
    name: `Go ${command}`,
    command: await goProgram(),
    args: [command, ...argumentsOf(options)],
    // A broadcasting consumer keeps its offsets in the user's home, where a later run with a new store
    // finds them.
    env: { ...process.env, HOME: tempDir('go') },
  })
}

/** Seed 003's listener on order-topic; it prints {"event":"ready"}, then one {"event":"order"} per order. */
export const runSpring = (nameserver: string): Promise<Program> =>
  springProgram('order listener', 'interop.OrderListenerApplication', nameserver)

/**
 * Template and listeners of rocketmq-spring; it prints {"event":"ready"}, speaks at the input `send` and
 * `ask`, and prints what it gets.
 */
export const runSpringBridge = (nameserver: string): Promise<Program> =>
  springProgram('bridge', 'bridge.BridgeApplication', nameserver)

async function springProgram(name: string, mainClass: string, nameserver: string): Promise<Program> {
  const classPath = await springApplication()
  return new Program({
    name: `Spring ${name}`,
    command: 'java',
    args: [
      ...jvmArguments(),
      // Spring's proxies define classes; Java 17 wants to be told that they may.
      '--add-opens=java.base/java.lang=ALL-UNNAMED',
      ...['-cp', classPath, mainClass],
      ...[
        `--rocketmq.name-server=${nameserver}`,
        '--rocketmq.producer.group=test-group',
        '--spring.main.banner-mode=off',
      ],
    ],
  })
}

function jvmArguments(): string[] {
  const home = tempDir('java')
  return [
    // The clients keep logs and broadcast offsets in the user's home.
    ...[`-Duser.home=${home}`, '-Drocketmq.client.logLevel=WARN', '-Drocketmq.log.level=WARN'],
    `-Drocketmq.client.rebalance.waitInterval=${REBALANCE_MS}`,
    // The first connection of a cold virtual machine takes longer than the usual 3 s on a busy machine.
    '-Dcom.rocketmq.remoting.client.connect.timeout=20000',
    ...['-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'],
  ]
}

function produceArguments(options: ProduceOptions): Options {
  return {
    nameserver: options.nameserver,
    group: options.group,
    plan: writePlan(options.messages),
    mode: options.mode ?? 'sync',
    hold: options.hold,
    hooks: options.hooks,
    instance: nextInstance(),
  }
}

function consumeArguments(options: ConsumeOptions): Options {
  return {
    nameserver: options.nameserver,
    group: options.group,
    topic: options.topic,
    expression: options.expression,
    sql: options.sql,
    orderly: options.orderly,
    broadcast: options.broadcast,
    count: options.count,
    'fail-attempts': options.failAttempts,
    'fail-tag': options.failTag,
    'max-reconsume': options.maxReconsume,
    'deadline-ms': options.deadlineMs ?? CONSUME_DEADLINE_MS,
    'linger-ms': options.lingerMs,
    allocate: options.allocate,
    hooks: options.hooks,
    instance: nextInstance(),
  }
}

/** Clients of one machine are told apart by instance name. */
function nextInstance(): string {
  return `${process.pid}-${++instanceCount}`
}

function argumentsOf(options: Options): string[] {
  return Object.entries(options).flatMap(([name, value]) => {
    if (value === undefined || value === false) return []
    return value === true ? [`--${name}`] : [`--${name}`, String(value)]
  })
}
