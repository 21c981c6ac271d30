import { twice } from '../attempts.js'
import { brokerWithTopic } from '../broker-topic.js'
import { TOPIC } from '../cells.js'
import { APACHE_HEAP_MB, type Contender, JAVA_WARM_UP, rockhopper, type Started } from '../contenders.js'
import type { Measured } from '../load/load-task.js'
import { runGenerator } from '../load/run-load.js'
import type { Recorder } from '../recorder.js'
import { fill } from '../rows/row.js'
import { FULL } from '../rows/sizes.js'
import { perMessageUs, rateOf } from '../send.js'
import { ACTIONS, type Action, clientCell } from './client-cells.js'
import { CLIENT_PROGRAMS, type ClientProgram, OURS } from './client-programs.js'
import type { ClientTask } from './client-task.js'

const SENT_TOPIC = 'ClientSends'
const [IN_FLIGHT, BODY_SIZE] = [64, 1_024]

export interface ClientsOptions {
  readonly rounds: number
  readonly warmUpMs: number
  readonly measureMs: number
  /** Messages of the backlog, and those of them that are consumed before it is measured. */
  readonly backlog: number
  readonly warmUp: number
  /** Only clients whose name has this in it. */
  readonly only?: string | undefined
}

export const CLIENTS_FULL: ClientsOptions = {
  rounds: 5,
  warmUpMs: 3_000,
  measureMs: 5_000,
  backlog: 1_000_000,
  warmUp: 200_000,
}
export const CLIENTS_QUICK: ClientsOptions = {
  rounds: 1,
  warmUpMs: 1_000,
  measureMs: 1_000,
  backlog: 40_000,
  warmUp: 5_000,
}

/**
 * Programs on Apache's clients and on ours as a second generator: 64 threads or calls that each wait for
 * their answer, and a push consumer with a backlog before it. Brokers by turns, and on each the clients.
 */
export async function benchClients(
  options: ClientsOptions,
  contenders: readonly Contender[],
  recorder: Recorder,
): Promise<void> {
  const wanted = CLIENT_PROGRAMS.filter(({ name }) => name.includes(options.only ?? ''))
  const clients = wanted.filter((client) => {
    const missing = client.missing()
    if (missing !== undefined) recorder.print(`${client.name}: left out, it needs ${missing}`)
    return missing === undefined
  })
  for (let round = 1; round <= options.rounds; round++) {
    for (const contender of round % 2 === 1 ? contenders : contenders.toReversed()) {
      const turn = clients.map((_, i) => clients[(i + round - 1) % clients.length] as ClientProgram)
      const place = `round ${round}  ${contender.name}`
      await twice(place, recorder.print, () => onBroker(contender, turn, options, round, recorder))
    }
  }
  printBrokers(clients, contenders, recorder)
  printClients(clients, contenders, recorder)
}

async function onBroker(
  contender: Contender,
  clients: readonly ClientProgram[],
  options: ClientsOptions,
  round: number,
  recorder: Recorder,
): Promise<void> {
  const cluster = await contender.start({ heapMb: APACHE_HEAP_MB })
  try {
    const address = await brokerWithTopic(cluster.nameserver)
    await brokerWithTopic(cluster.nameserver, SENT_TOPIC)
    const backlog = await fill({ address, contender: contender.name }, FULL, options.backlog)
    recorder.print(`round ${round}  ${contender.name.padEnd(22)} holds a backlog of ${backlog} messages`)
    for (const client of clients) {
      for (const action of ACTIONS) {
        const cell = clientCell(client.name, action)
        const place = `round ${round}  ${contender.name.padEnd(22)} ${cell.padEnd(48)}`
        const task = taskOf(action, client, cluster, options, round)
        const values = await twice(place, recorder.print, () => measure(client, task(), recorder))
        if (values === undefined) continue
        recorder.add({ part: 'clients', cell, contender: contender.name, round, values })
        recorder.print(`${place} ${brief(values)}`)
      }
    }
  } finally {
    await cluster.stop()
  }
}

let groups = 0

function taskOf(
  action: Action,
  client: ClientProgram,
  { nameserver }: Started,
  { warmUpMs, measureMs, warmUp, backlog }: ClientsOptions,
  round: number,
): () => ClientTask {
  if (action === 'drains a backlog') {
    const group = (): string => `bench-drain-${round}-${groups++}`
    return () => ({ mode: 'drain', nameserver, topic: TOPIC, group: group(), warmUp, count: backlog })
  }
  const times = { warmUpMs: Math.round(warmUpMs * (client.isJava ? JAVA_WARM_UP : 1)), measureMs }
  const shape = { inFlight: IN_FLIGHT, bodySize: BODY_SIZE, ...times }
  return () => ({ mode: 'send', nameserver, topic: SENT_TOPIC, ...shape })
}

async function measure(client: ClientProgram, task: ClientTask, recorder: Recorder) {
  const result = await runGenerator<Measured>(await client.command(task))
  const { p50Us, p99Us, p999Us, errors, problem } = result
  if (errors > 0) recorder.print(`  ${errors} errors, the last: ${problem}`)
  const latencies = task.mode === 'send' ? { p50Us, p99Us, p999Us } : {}
  const clientCpuUs = result.cpuUs / Math.max(1, result.messages)
  return { rate: rateOf(result), ...latencies, clientCpuUs, cpuUs: perMessageUs(result), errors }
}

type Values = Awaited<ReturnType<typeof measure>>

const brief = ({ rate, p99Us, clientCpuUs, cpuUs }: Values): string =>
  [
    `${rate.toFixed(0).padStart(7)}/s`,
    ...(p99Us === undefined ? [] : [`p99 ${p99Us} us`]),
    `client ${clientCpuUs.toFixed(1)} us CPU/msg, broker ${cpuUs.toFixed(1)}`,
  ].join('  ')

/** Our broker against Apache's under the same client. */
function printBrokers(
  clients: readonly ClientProgram[],
  contenders: readonly Contender[],
  recorder: Recorder,
): void {
  const names = contenders.map(({ name }) => `${name} msg/s`).join(' | ')
  recorder.print('')
  recorder.print(`| client | ${names} | ratio of brokers |`)
  recorder.print(`|---|${contenders.map(() => '---|').join('')}---|`)
  for (const cell of cellsOf(clients)) {
    const rates = contenders.map(({ name }) => recorder.spread('clients', cell, name, 'rate'))
    const text = rates.map((one) =>
      one === undefined ? '' : `${one.median.toFixed(0)} (${one.min.toFixed(0)} to ${one.max.toFixed(0)})`,
    )
    const [ours, theirs] = rates.map((one) => one?.median)
    const ratio = ours === undefined || theirs === undefined ? '' : (ours / theirs).toFixed(2)
    recorder.print(`| ${cell} | ${text.join(' | ')} | ${ratio} |`)
  }
}

/** Our client against the others on the same broker. */
function printClients(
  clients: readonly ClientProgram[],
  contenders: readonly Contender[],
  recorder: Recorder,
): void {
  recorder.print('')
  recorder.print('| broker | client | msg/s | ours is | client CPU us/msg | ours is |')
  recorder.print('|---|---|---|---|---|---|')
  for (const { name: broker } of contenders) {
    for (const action of ACTIONS) {
      for (const { name } of clients) {
        const of = (client: string, value: string) =>
          recorder.spread('clients', clientCell(client, action), broker, value)?.median
        const cells = ['rate', 'clientCpuUs'].flatMap((value) => {
          const [own, other] = [of(OURS, value), of(name, value)]
          const ratio =
            own === undefined || other === undefined || name === OURS ? '' : (own / other).toFixed(2)
          return [other?.toFixed(value === 'rate' ? 0 : 1) ?? '', ratio]
        })
        recorder.print(`| ${broker} | ${clientCell(name, action)} | ${cells.join(' | ')} |`)
      }
    }
  }
  recorder.print(
    `"ours is": ${OURS} / the client of the row. ${rockhopper.name} is started as in other tables.`,
  )
  recorder.print('')
}

const cellsOf = (clients: readonly ClientProgram[]): string[] =>
  clients.flatMap(({ name }) => ACTIONS.map((action) => clientCell(name, action)))
