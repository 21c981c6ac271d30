import { Producer } from '@rockhopper/client'
import { EmbeddedRocketMQ } from '@rockhopper/embedded'
import { twice } from './attempts.js'
import { apache, type Contender, rockhopper } from './contenders.js'
import { descendantsRss } from './processes.js'
import type { Recorder } from './recorder.js'
import { type Spread, spread } from './statistics.js'

const SETTLE_MS = 5_000
const SEND_WAIT_MS = 60_000
const MIB = 1024 * 1024

const CELL = 'start, then idle'

type Measured = Readonly<Record<'firstSendMs' | 'idleRssMib', number>>

/**
 * Start to first acknowledged send, and memory 5 s later: both sides alternate in one run. The clock starts
 * before the first process is spawned and stops at SEND_OK of our client, which creates the topic by sending.
 * One start of each comes before that and is not measured: it bundles our command, and both sides' files are
 * read.
 */
export async function benchStartup(rounds: number, recorder: Recorder): Promise<void> {
  const { print } = recorder
  const contenders = [rockhopper, apache]
  for (const contender of contenders) {
    const cluster = await contender.start()
    await firstSend(cluster.nameserver).finally(cluster.stop)
  }
  for (let round = 1; round <= rounds; round++) {
    for (const contender of contenders) {
      const place = `round ${round}  ${contender.name.padEnd(24)}`
      const values = await twice(place, print, () => measure(contender))
      if (values === undefined) continue
      recorder.add({ part: 'startup', cell: CELL, contender: contender.name, round, values })
      print(`${place} ${format(values)}`)
    }
  }
  const embedded: number[] = []
  for (let round = 0; round < rounds; round++) embedded.push(await measureEmbedded())
  print('')
  print('| median of the rounds (min to max) | Rockhopper | Apache RocketMQ 5.4.0 | ratio |')
  print('|---|---|---|---|')
  for (const [title, key, unit] of [
    ['start to first acknowledged send', 'firstSendMs', 'ms'],
    ['resident memory, idle', 'idleRssMib', 'MiB'],
  ] as const) {
    const [ours, theirs] = contenders.map(({ name }) => recorder.spread('startup', CELL, name, key))
    if (ours === undefined || theirs === undefined) continue
    const ratio = `1/${(theirs.median / ours.median).toFixed(theirs.median / ours.median < 10 ? 1 : 0)}`
    print(`| ${title} | ${describe(ours, unit)} | ${describe(theirs, unit)} | ${ratio} |`)
  }
  print('')
  print(`EmbeddedRocketMQ.start() to first acknowledged send: ${describe(spread(embedded), 'ms')}`)
}

async function measure(contender: Contender): Promise<Measured> {
  const before = descendantsRss()
  const started = performance.now()
  const cluster = await contender.start()
  try {
    await firstSend(cluster.nameserver)
    const firstSendMs = performance.now() - started
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS))
    return { firstSendMs, idleRssMib: (descendantsRss() - before) / MIB }
  } finally {
    await cluster.stop()
  }
}

async function measureEmbedded(): Promise<number> {
  const started = performance.now()
  await using mq = await EmbeddedRocketMQ.start({ topics: ['bench'] })
  await firstSend(mq.nameserverAddress)
  return performance.now() - started
}

/** Sends until it is acknowledged: a broker that is up is not always known yet. */
async function firstSend(namesrvAddr: string): Promise<void> {
  const producer = new Producer({ namesrvAddr, producerGroup: 'bench' })
  await producer.start()
  try {
    const giveUp = performance.now() + SEND_WAIT_MS
    for (;;) {
      const status = await producer.send({ topic: 'bench', body: 'x' }).then(
        (result) => result.status,
        (error: unknown) => {
          if (performance.now() > giveUp) throw error
          return undefined
        },
      )
      if (status === 'SEND_OK') return
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  } finally {
    await producer.shutdown()
  }
}

const format = ({ firstSendMs, idleRssMib }: Measured): string =>
  `${firstSendMs.toFixed(0).padStart(6)} ms to first send, ${idleRssMib.toFixed(0).padStart(4)} MiB idle`

const describe = ({ min, median, max }: Spread, unit: string): string =>
  `${median.toFixed(0)} ${unit} (${min.toFixed(0)} to ${max.toFixed(0)})`
