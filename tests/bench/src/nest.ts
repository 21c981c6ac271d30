import { BROKERS, type BrokerKind, TOPIC } from './nest/brokers.js'
import type { SideName } from './nest/consumer-sides.js'
import type { HandlerRate } from './nest/handler-meter.js'
import { runConsumer } from './nest/run-consumer.js'
import { spread } from './statistics.js'

export interface NestBenchOptions {
  readonly rounds: number
  /** Messages a consumer handles in all, and those before the measured part. */
  readonly count: number
  readonly warmUp: number
  /** Only brokers whose name has this in it. */
  readonly only?: string | undefined
}

export const NEST_FULL: NestBenchOptions = { rounds: 5, count: 80_000, warmUp: 30_000 }
export const NEST_QUICK: NestBenchOptions = { rounds: 2, count: 40_000, warmUp: 20_000 }

type Print = (line: string) => void
type Results = Map<SideName, HandlerRate[]>

/**
 * Handler invocations per second through a NestJS transport against the plain client of the same broker, with
 * the same handler, on messages that the broker has already. Sides alternate within each round; brokers come
 * one after the other, so that none disturbs another.
 */
export async function benchNest(options: NestBenchOptions, print: Print): Promise<void> {
  const results: Results = new Map()
  for (const kind of BROKERS) {
    if (kind.name.includes(options.only ?? '')) await benchBroker(kind, options, results, print)
  }
  print('')
  printTable(results, print)
}

async function benchBroker(
  kind: BrokerKind,
  { rounds, count, warmUp }: NestBenchOptions,
  results: Results,
  print: Print,
): Promise<void> {
  const broker = await kind.start(count)
  if (typeof broker === 'string') return print(`${kind.name}: left out, ${broker}`)
  try {
    for (let round = 1; round <= rounds; round++) {
      const sides: SideName[] = [`${kind.name} plain`, `${kind.name} nest`]
      // Who goes first has the colder machine.
      for (const side of round % 2 === 1 ? sides : sides.reverse()) {
        const group = `bench_${side.replace(' ', '_')}_${round}`
        let feeding: Promise<void> | undefined
        const task = { side, address: broker.address, topic: TOPIC, group, warmUp, count }
        const rate = await runConsumer(task, (isDone) => {
          feeding = broker.feed?.(isDone)
        })
        await feeding
        results.set(side, [...(results.get(side) ?? []), rate])
        print(`round ${round}  ${side.padEnd(18)} ${brief(rate)}`)
      }
    }
  } finally {
    await broker.stop()
  }
}

const brief = ({ invocationsPerS, cpuUsPerInvocation }: HandlerRate): string =>
  `${invocationsPerS.toFixed(0).padStart(8)} /s  ${cpuUsPerInvocation.toFixed(2).padStart(7)} µs CPU`

function printTable(results: Results, print: Print): void {
  print('| consumer | handler invocations /s | CPU of one | CPU, against its plain client |')
  print('| --- | --- | --- | --- |')
  for (const [side, rates] of [...results].sort(([a], [b]) => order(a) - order(b))) {
    const perS = spread(rates.map((one) => one.invocationsPerS))
    const cpu = spread(rates.map((one) => one.cpuUsPerInvocation))
    const plain = results.get(side.replace('nest', 'plain') as SideName) ?? []
    const ratio = cpu.median / spread(plain.map((one) => one.cpuUsPerInvocation)).median
    const range = ({ min, median, max }: typeof cpu, digits: number) =>
      `${median.toFixed(digits)} (${min.toFixed(digits)} to ${max.toFixed(digits)})`
    const against = side.endsWith('plain') ? '' : `× ${ratio.toFixed(2)}`
    print(`| ${side} | ${range(perS, 0)} | ${range(cpu, 1)} µs | ${against} |`)
  }
}

/** Brokers in the order they ran, of each the plain client first. */
const order = (side: SideName): number =>
  BROKERS.findIndex(({ name }) => side.startsWith(name)) * 2 + (side.endsWith('plain') ? 0 : 1)
