import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from '@jest/globals'
import { type AdminSession, adminSession } from './admin-session.js'
import type { ApacheRocketMQ } from './apache.js'
import { askedState, type BrokerState, damageNewest, forgotten, writtenState } from './broker-state.js'
import { javaClient, runJava } from './clients.js'
import type { Cluster } from './cluster.js'
import { delayedMessages, delivered, type ExchangeMessages, exchangeMessages } from './exchange-messages.js'
import type { Planned } from './plan.js'
import { freePort } from './ports.js'
import { type Program, withPrograms } from './program.js'
import { differences, place, type ReceivedLine, type SentLine } from './received.js'
import { Rockhopper } from './rockhopper.js'
import { StoreCommands } from './store-commands.js'
import { tempDir } from './temp.js'
import { createTopic } from './topics.js'

export type Server = typeof ApacheRocketMQ | typeof Rockhopper
export type Ending = 'stop' | 'kill9'

export interface Exchange {
  readonly writer: Server
  readonly reader: Server
  /** How the writer and the reader end. */
  readonly ending: Ending
  /** Messages of all kinds that the writer takes. */
  readonly count: number
}

const TOPIC = 'exchanged'
const DELAYED = 'exchanged-later'
const GROUP = 'exchanged-group'
/** Messages that the reader and the writer's second life take. */
const AFTER = 40
const ATTEMPTS = 5
const NO_ROUTE = /No route info of this topic|Can not find Message Queue for this topic/
const java5 = javaClient('5.4.0')

/** Several log files with the large messages, several files of queues and index with the others. */
function propertiesFor(count: number) {
  return {
    mappedFileSizeCommitLog: 5_242_880,
    mappedFileSizeConsumeQueue: count < 5_000 ? 1_000 : 100_000,
    maxHashSlotNum: 500,
    maxIndexNum: count,
  }
}

/**
 * The first broker writes; the second has everything at the same places with the same bytes, answers mqadmin
 * the same, goes on with delays and progress, and continues every queue; then the first opens it again.
 */
export async function exchange(asked: Exchange): Promise<void> {
  const { writer, reader, ending, count } = asked
  const properties = propertiesFor(count)
  const storeDir = `${tempDir('exchange')}/store`
  const where = { storeDir, port: await freePort([0, -2, 1]), properties }
  const commands = new StoreCommands(storeDir, properties)
  const whole = exchangeMessages(TOPIC, count, 'before')
  const delayed = delayedMessages(DELAYED, 'delayed')
  const progressStays = ending === 'stop'
  await withPrograms(async (programs) => {
    const first = await visited(writer, where, ending, programs, (visit) => firstLife(visit, whole, delayed))
    const written = await inspected(commands, storeDir, { atLeast: first.seen.length })

    const second = await visited(reader, where, ending, programs, async (visit) => {
      expect(forgotten(writtenState(storeDir, ''), await visit.state())).toEqual([])
      expect(await visit.pulled(TOPIC)).toEqual(first.seen)
      expect(await visit.mqadmin(first.seen, progressStays)).toEqual(first.answers(progressStays))
      return secondLife(visit, whole, delayed, ending)
    })
    expect(logHash(storeDir, written.end)).toBe(written.hash)
    const to = (await commands.info()).log.maxOffset
    await commands.verify()

    const previous = writtenState(storeDir, '.bak')
    damageNewest(storeDir)
    await visited(writer, where, 'stop', programs, async (visit) => {
      expect(forgotten(previous, await visit.state())).toEqual([])
      expect(await visit.pulled(TOPIC)).toEqual(second)
      await visit.produced(exchangeMessages(TOPIC, AFTER, 'again').plain.slice(-AFTER))
    })
    await commands.verify()
    if (writer === Rockhopper) await expectOwnRanges(commands, { from: written.end, to })
  })
}

/** CRCs of ours hold for what we wrote, before and after, and for nothing that Apache's broker did. */
async function expectOwnRanges(commands: StoreCommands, visit: { from: number; to: number }): Promise<void> {
  const { log, state } = await commands.info()
  expect(state?.ranges).toEqual([
    { from: 0, to: visit.from },
    { from: visit.to, to: log.maxOffset },
  ])
}

interface Seen {
  readonly seen: ReceivedLine[]
  /** Of mqadmin; a kill may take the progress of the last seconds. */
  readonly answers: (withProgress: boolean) => readonly string[]
}

/** Everything is written, some of it consumed, and delays are under way. */
async function firstLife(
  visit: Visit,
  whole: ExchangeMessages,
  delayed: { readonly soon: Planned[]; readonly later: Planned[] },
): Promise<Seen> {
  await createTopic(visit.cluster, TOPIC)
  await createTopic(visit.cluster, DELAYED)
  const sent = await visit.written(whole)
  const messages = delivered(whole)
  expect(differences(await visit.consumed(TOPIC, messages.length), messages)).toEqual([])
  const seen = await visit.pulled(TOPIC)
  expect(differences(seen, messages)).toEqual([])
  const acknowledged = sent.filter(({ transaction }) => !transaction).map(({ line }) => place(line))
  expect(new Set(seen.map(place))).toEqual(new Set([...acknowledged, ...committed(seen).map(place)]))
  const withProgress = await visit.mqadmin(seen, true)
  await visit.produced(delayed.soon)
  expect(differences(await visit.consumed(DELAYED, delayed.soon.length), delayed.soon)).toEqual([])
  // The newest state of every file has a version before it.
  await createTopic(visit.cluster, `${TOPIC}-another`)
  await visit.produced(delayed.later)
  return { seen, answers: (all) => (all ? withProgress : withProgress.slice(0, -1)) }
}

/** The other broker delivers what waited, and continues every queue. */
async function secondLife(
  visit: Visit,
  whole: ExchangeMessages,
  delayed: { readonly soon: Planned[]; readonly later: Planned[] },
  ending: Ending,
): Promise<ReceivedLine[]> {
  const after = exchangeMessages(TOPIC, AFTER, 'after').plain.slice(-AFTER)
  await visit.produced(after)
  const everything = await visit.pulled(TOPIC)
  expect(differences(everything, [...delivered(whole), ...after])).toEqual([])
  expect(new Set(everything.map(place)).size).toBe(everything.length)
  // A clean end keeps progress, so only what is new comes; a kill may bring older messages again.
  if (ending === 'stop') {
    expect(differences(await visit.consumed(TOPIC, after.length), after)).toEqual([])
    const came = await visit.consumed(DELAYED, delayed.later.length)
    expect(differences(came, delayed.later)).toEqual([])
  } else {
    const all = [...delayed.soon, ...delayed.later]
    const keys = new Set(
      (await visit.consumed(DELAYED, all.length, 'from-the-start')).map(({ keys }) => keys),
    )
    expect(all.filter((message) => !keys.has(message.keys ?? ''))).toEqual([])
  }
  return everything
}

function committed(lines: readonly ReceivedLine[]): ReceivedLine[] {
  return lines.filter(({ tags }) => tags === 'paid')
}

interface Written {
  readonly end: number
  readonly hash: string
}

/** `rockhopper store` on what a broker left: nothing wrong, and a rebuild makes the same queues. */
async function inspected(
  commands: StoreCommands,
  storeDir: string,
  { atLeast }: { readonly atLeast: number },
): Promise<Written> {
  const { log, problems } = await commands.info()
  expect(problems).toEqual([])
  expect(log.fileCount).toBeGreaterThan(3)
  await commands.verify()
  expect((await commands.dump()).length).toBeGreaterThan(atLeast)
  expect(await commands.rebuiltOtherwise()).toEqual([])
  return { end: log.maxOffset, hash: logHash(storeDir, log.maxOffset) }
}

/** Of all bytes of the log before `end`. */
function logHash(storeDir: string, end: number): string {
  const hash = createHash('sha256')
  const directory = join(storeDir, 'commitlog')
  for (const name of readdirSync(directory).sort()) {
    const left = end - Number(name)
    if (left > 0) hash.update(readFileSync(join(directory, name)).subarray(0, left))
  }
  return hash.digest('hex')
}

type Where = Parameters<typeof Rockhopper.start>[0]

async function visited<T>(
  server: Server,
  where: Where,
  ending: Ending,
  programs: Program[],
  use: (visit: Visit) => Promise<T>,
): Promise<T> {
  const cluster = await server.start(where)
  try {
    const result = await use(new Visit(cluster, programs))
    await cluster.broker[ending]()
    return result
  } finally {
    await cluster.stop()
  }
}

interface Acknowledged {
  readonly line: SentLine
  readonly transaction: boolean
}

/** One life of a broker on the directory, and what is asked of it. */
class Visit {
  readonly cluster: Cluster
  readonly #programs: Program[]

  constructor(cluster: Cluster, programs: Program[]) {
    this.cluster = cluster
    this.#programs = programs
  }

  /** Topics, groups and offsets, as the broker has them. */
  state(): Promise<BrokerState> {
    return askedState(this.cluster.broker.address)
  }

  /**
   * Single sends, batches and transactions. Java for all: batches of Go's client have no unique ids to tell
   * their messages by.
   */
  async written({ plain, transactional }: ExchangeMessages): Promise<Acknowledged[]> {
    const half = Math.ceil(plain.length / 2)
    const lines = await Promise.all([
      this.produced(plain.slice(0, half)),
      this.produced(plain.slice(half), 'batch'),
      this.produced(transactional, 'transaction'),
    ])
    return lines.flatMap((some, i) => some.map((line) => ({ line, transaction: i === 2 })))
  }

  async produced(messages: readonly Planned[], mode: 'sync' | 'batch' | 'transaction' = 'sync') {
    const { nameserver } = this.cluster
    const group = `exchange-producers-${mode}`
    const producer = await this.#patiently(() => java5.produce({ nameserver, group, messages, mode }))
    return producer.of('sent') as SentLine[]
  }

  async consumed(topic: string, count: number, group = GROUP): Promise<ReceivedLine[]> {
    const { nameserver } = this.cluster
    const consumer = await java5.consume({
      nameserver,
      topic,
      group: `${group}-${topic}`,
      count,
      lingerMs: 500,
    })
    this.#programs.push(consumer)
    return (await consumer.succeeded()).of('received') as ReceivedLine[]
  }

  /** Every field of every message of a topic, by queue and offset. */
  async pulled(topic: string): Promise<ReceivedLine[]> {
    const { nameserver } = this.cluster
    const pull = await this.#patiently(() => runJava('5.4.0', 'Pull', { nameserver, topic }))
    const lines = pull.of('received') as ReceivedLine[]
    return lines.sort((a, b) => a.queueId - b.queueId || a.queueOffset - b.queueOffset)
  }

  /**
   * A client that found no route before it gave up, as on a busy machine, is started again: it has done
   * nothing yet.
   */
  async #patiently(start: () => Promise<Program>): Promise<Program> {
    for (let attempt = 1; ; attempt++) {
      const program = await start()
      this.#programs.push(program)
      try {
        return await program.succeeded()
      } catch (error) {
        const began = program.of('sent').length + program.of('received').length > 0
        if (began || attempt === ATTEMPTS || !NO_ROUTE.test(program.report())) throw error
      }
    }
  }

  /** What Apache's mqadmin prints of some of the messages and, last, of the group's progress. */
  async mqadmin(seen: readonly ReceivedLine[], withProgress: boolean): Promise<string[]> {
    const session = await adminSession(this.cluster.nameserver)
    this.#programs.push(session.program)
    const some = [0, 0.5, 1].map((share) => seen[Math.floor(share * (seen.length - 1))] as ReceivedLine)
    const printed: string[] = []
    for (const { keys, offsetMsgId } of some.map(idsOf)) {
      const byKey = await answered(session, ['queryMsgByKey', '-t', TOPIC, '-k', keys], '@')
      const byId = await answered(session, ['queryMsgById', '-t', TOPIC, '-i', offsetMsgId], `[${keys}`)
      printed.push(byKey, byId.slice(0, byId.indexOf('MessageTrack')))
    }
    if (withProgress) {
      const progress = await session.run(['consumerProgress', '-g', `${GROUP}-${TOPIC}`])
      const rows = progress.split('\n').filter((row) => row.startsWith(`${TOPIC} `))
      expect(rows).toHaveLength(4)
      printed.push(rows.sort().join('\n'))
    }
    await session.end()
    return printed
  }
}

/** mqadmin waits three seconds for a broker, on a busy machine not enough: then it prints nothing. */
async function answered(session: AdminSession, command: readonly string[], holds: string): Promise<string> {
  let printed = ''
  for (let attempt = 0; attempt < ATTEMPTS && printed.trim() === ''; attempt++) {
    printed = await session.run(command)
  }
  expect(printed).toContain(holds)
  return printed
}

/** The first key, and the id by which a message is found at its broker. */
function idsOf({ keys, offsetMsgId = '' }: ReceivedLine) {
  return { keys: keys?.split(' ')[0] ?? '', offsetMsgId }
}
