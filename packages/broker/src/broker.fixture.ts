import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Clock, createNodeEnv, type Disk, type Env } from '@rockhopper/env'
import { decodeRecords, type MessageExt, propertiesText } from '@rockhopper/message'
import {
  type Authorize,
  type ConsumerData,
  createRemotingClient,
  HeartbeatData,
  KVTable,
  type Processors,
  type RemotingClient,
  type RequestHeader,
} from '@rockhopper/remoting'
import { type Broker, createBroker } from './broker.js'
import type { BrokerConfig } from './config.js'
import { countedDisk } from './counted-disk.fixture.js'
import { SteppingClock, turnsOfTheLoop } from './stepping-clock.fixture.js'

export interface BrokerUnderTest {
  readonly broker: Broker
  readonly clock: SteppingClock
  readonly client: RemotingClient
  /** A client of its own connection, that answers what brokers ask. */
  connect(handlers?: Processors): RemotingClient
  send(message: SendOptions): ReturnType<typeof sendMessage>
  pull(header: Partial<RequestHeader<'PULL_MESSAGE'>>): ReturnType<typeof pullMessage>
  /** Ends the broker; `keepStore` leaves its directory for `startBroker({ storeDir })`. */
  stop(options?: { keepStore?: boolean }): Promise<void>
  readonly storeDir: string
}

export interface StartOptions {
  readonly config?: Partial<BrokerConfig>
  readonly authorize?: Authorize
  readonly storeDir?: string
  /** Put between the broker and the real disk. */
  readonly disk?: (inner: Disk, clock: Clock) => Disk
}

/** A broker on real files and loopback sockets, whose clock only moves when a test says so. */
export async function startBroker(options: StartOptions = {}): Promise<BrokerUnderTest> {
  const realEnv = createNodeEnv({ log: { info() {}, warn() {}, error() {} } })
  const clock = new SteppingClock(realEnv.clock)
  const real = countedDisk(realEnv.disk)
  const env: Env = { ...realEnv, clock, disk: options.disk?.(real, clock) ?? real }
  const storeDir = options.storeDir ?? mkdtempSync(join(tmpdir(), 'rockhopper-broker-'))
  const config = {
    listenPort: 0,
    storePathRootDir: storeDir,
    mappedFileSizeCommitLog: 1 << 22,
    ...options.config,
  }
  const broker = createBroker({ env, config, ...(options.authorize ? { authorize: options.authorize } : {}) })
  await clock.during(broker.start())
  const clients: RemotingClient[] = []
  const connect = (handlers: Processors = {}) => {
    const parts = { net: env.net, clock, random: env.random, log: env.log, timeoutMs: 600_000 }
    const client = createRemotingClient({ ...parts, handlers })
    clients.push(client)
    return client
  }
  const client = connect()
  return {
    broker,
    clock,
    client,
    connect,
    storeDir,
    send: (message) => sendMessage(client, broker.address, message),
    pull: (header) => pullMessage(client, broker.address, header),
    async stop({ keepStore = false } = {}) {
      await clock.during(Promise.all(clients.map((each) => each.close())))
      await clock.during(broker.stop())
      if (!keepStore) rmSync(storeDir, { recursive: true, force: true })
    },
  }
}

export interface SendOptions {
  readonly topic?: string
  readonly body?: string
  readonly properties?: Readonly<Record<string, string>>
  readonly command?: 'SEND_MESSAGE' | 'SEND_MESSAGE_V2' | 'SEND_BATCH_MESSAGE'
  readonly header?: Partial<RequestHeader<'SEND_MESSAGE'>>
  readonly bytes?: Buffer
}

export function sendMessage(client: RemotingClient, address: string, options: SendOptions) {
  const { topic = 'TopicTest', body = 'hello', command = 'SEND_MESSAGE_V2', properties = {} } = options
  const header: RequestHeader<'SEND_MESSAGE'> = {
    producerGroup: 'pg',
    topic,
    defaultTopic: 'TBW102',
    defaultTopicQueueNums: 4,
    queueId: 0,
    sysFlag: 0,
    bornTimestamp: 1_700_000_000_000,
    flag: 0,
    properties: propertiesText({ UNIQ_KEY: '7F0000010001', WAIT: 'true', ...properties }),
    reconsumeTimes: 0,
    unitMode: false,
    batch: command === 'SEND_BATCH_MESSAGE',
    ...options.header,
  }
  return client.invoke(address, command, header, options.bytes ?? Buffer.from(body))
}

export async function pullMessage(
  client: RemotingClient,
  address: string,
  header: Partial<RequestHeader<'PULL_MESSAGE'>>,
): Promise<{
  code: number
  remark: string | undefined
  header: { nextBeginOffset?: number; minOffset?: number; maxOffset?: number }
  messages: MessageExt[]
}> {
  const response = await client.invoke(address, 'PULL_MESSAGE', {
    consumerGroup: 'cg',
    topic: 'TopicTest',
    queueId: 0,
    queueOffset: 0,
    maxMsgNums: 32,
    sysFlag: SUBSCRIPTION,
    commitOffset: 0,
    suspendTimeoutMillis: 15_000,
    subscription: '*',
    subVersion: 0,
    ...header,
  })
  const { code, remark } = response
  return {
    code,
    remark,
    header: response.header,
    messages: response.body ? decodeRecords(response.body) : [],
  }
}

/** Asks again until the answer is accepted; in between what goes on at the broker comes to rest. */
export async function eventually<T>(ask: () => Promise<T>, accept: (answer: T) => boolean): Promise<T> {
  for (let left = 2_000; ; left--) {
    const answer = await ask()
    if (accept(answer)) return answer
    if (left === 0) throw new Error(`never accepted; the last answer was ${JSON.stringify(answer)}`)
    await turnsOfTheLoop()
  }
}

/** How many pulls wait at the broker for a message. */
export async function waitingPulls({ broker, client }: BrokerUnderTest): Promise<number> {
  const { body } = await client.invoke(broker.address, 'GET_BROKER_RUNTIME_INFO', {})
  return Number(KVTable.decode(body).table.get('pullThreadPoolQueueSize'))
}

export async function untilWaiting(each: BrokerUnderTest, count: number): Promise<void> {
  await eventually(
    () => waitingPulls(each),
    (waiting) => waiting === count,
  )
}

/** Until the queue shows so many messages: an acknowledged message is dispatched a moment later. */
export async function untilDispatched(
  { broker, client }: BrokerUnderTest,
  topic: string,
  queueId: number,
  maxOffset: number,
): Promise<void> {
  const ask = async () =>
    (await client.invoke(broker.address, 'GET_MAX_OFFSET', { topic, queueId })).header.offset
  await eventually(ask, (offset) => offset === maxOffset)
}

/** Bits of a pull's sysFlag. */
export const SUSPEND = 2
export const SUBSCRIPTION = 4

export function consumerData(
  groupName: string,
  topic: string,
  subString = '*',
  subVersion = 1,
): ConsumerData {
  return {
    groupName,
    consumeType: 'CONSUME_PASSIVELY',
    messageModel: 'CLUSTERING',
    consumeFromWhere: 'CONSUME_FROM_LAST_OFFSET',
    unitMode: false,
    subscriptionDataSet: [
      {
        classFilterMode: false,
        codeSet: [],
        expressionType: 'TAG',
        subString,
        subVersion,
        tagsSet: [],
        topic,
      },
    ],
  }
}

export function heartbeat(
  client: RemotingClient,
  address: string,
  data: Partial<HeartbeatData> & Pick<HeartbeatData, 'clientID'>,
) {
  const body = HeartbeatData.encode({
    consumerDataSet: [],
    producerDataSet: [],
    heartbeatFingerprint: 0,
    withoutSub: false,
    ...data,
  })
  return client.invoke(address, 'HEART_BEAT', {}, body)
}
