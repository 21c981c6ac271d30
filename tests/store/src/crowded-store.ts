import { createNodeEnv } from '@rockhopper/env'
import { createMessageStore, type MessageStore } from '@rockhopper/store'
import { drained } from './store-audit.js'

/**
 * A process with many queues and few descriptors: `node crowded-store.js DIRECTORY QUEUES`. Says as JSON
 * what was acknowledged and what was read, before and after a restart.
 */
const [directory = '', queues = ''] = process.argv.slice(2)
const ROUNDS = 3
const HOST = { address: '127.0.0.1', port: 10_911 }
const silent = (): void => undefined
const env = createNodeEnv({ log: { info: silent, warn: silent, error: silent } })

function opened(): MessageStore {
  return createMessageStore({
    env,
    config: {
      storePathRootDir: directory,
      mappedFileSizeCommitLog: 16 * 1024,
      mappedFileSizeConsumeQueue: 40,
      maxHashSlotNum: 64,
      maxIndexNum: 100,
      flushDiskType: 'SYNC_FLUSH',
      flushIntervalConsumeQueue: 10,
      checkpointInterval: 50,
    },
  })
}

async function sent(store: MessageStore): Promise<number> {
  let acknowledged = 0
  for (let round = 0; round < ROUNDS; round++) {
    const puts = Array.from({ length: Number(queues) }, (_, queueId) =>
      store.put({
        topic: 'Crowded',
        queueId,
        body: Buffer.from(`${round}/${queueId}`),
        properties: Buffer.alloc(0),
        flag: 0,
        sysFlag: 0,
        bornTimestamp: 1_700_000_000_000,
        bornHost: HOST,
        storeHost: HOST,
        reconsumeTimes: 0,
        preparedTransactionOffset: 0,
      }),
    )
    for (const { status } of await Promise.all(puts)) if (status === 'PUT_OK') acknowledged++
    // Entries and checkpoints are written in between.
    await new Promise<void>((resolve) => void env.clock.after(150, resolve))
  }
  return acknowledged
}

async function read(store: MessageStore): Promise<number> {
  let right = 0
  for (let queueId = 0; queueId < Number(queues); queueId++) {
    const bodies = (await drained(store, 'Crowded', queueId)).map(({ body }) => body.toString())
    right += bodies.filter((body, round) => body === `${round}/${queueId}`).length
  }
  return right
}

const first = opened()
await first.start()
const acknowledged = await sent(first)
const before = await read(first)
const state = first.state.kind
await first.stop()
const second = opened()
await second.start()
const after = await read(second)
await second.stop()
console.log(JSON.stringify({ acknowledged, before, state, after }))
