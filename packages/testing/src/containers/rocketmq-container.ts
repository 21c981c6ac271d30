import { createServer } from 'node:net'
import { Admin } from '@rockhopper/client'
import type { DeclaredTopic } from '@rockhopper/embedded'
import type { StartedTestContainer } from 'testcontainers'

export interface RocketMQContainerOptions {
  /** Default: ROCKHOPPER_TEST_ROCKETMQ_IMAGE, else `apache/rocketmq:5.3.2`. */
  readonly image?: string
  /** Exist, with a route, when `start` resolves. */
  readonly topics?: readonly (string | DeclaredTopic)[]
  /** Further keys of broker.conf. */
  readonly config?: Readonly<Record<string, string | number | boolean>>
  /** Default 120,000. */
  readonly startTimeoutMs?: number
}

const NAME_SERVER_PORT = 9876
const START_TIMEOUT_MS = 120_000
const ROUTE_ATTEMPTS = 60

/**
 * Apache's name server and broker in one container, with the interface of `EmbeddedRocketMQ`, so that one
 * suite runs on either. The broker tells clients an address of its own, so its port is the same inside and
 * outside.
 */
export class RocketMQContainer {
  readonly nameserverAddress: string
  readonly brokerAddress: string
  readonly #container: StartedTestContainer
  #stopping: Promise<void> | undefined

  private constructor(container: StartedTestContainer, brokerPort: number) {
    this.#container = container
    const host = container.getHost()
    this.nameserverAddress = `${host}:${container.getMappedPort(NAME_SERVER_PORT)}`
    this.brokerAddress = `${host}:${brokerPort}`
  }

  static async start(options: RocketMQContainerOptions = {}): Promise<RocketMQContainer> {
    const { topics = [], startTimeoutMs = START_TIMEOUT_MS } = options
    const image = options.image ?? process.env['ROCKHOPPER_TEST_ROCKETMQ_IMAGE'] ?? 'apache/rocketmq:5.3.2'
    // Loaded only here: it runs on fewer versions of Node than the rest of this package.
    const { GenericContainer, Wait } = await import('testcontainers')
    const brokerPort = await freePort()
    const container = await new GenericContainer(image)
      .withExposedPorts(NAME_SERVER_PORT, { container: brokerPort, host: brokerPort })
      .withCopyContentToContainer([
        { content: brokerConf(brokerPort, options.config), target: '/tmp/broker.conf' },
      ])
      .withCommand(['sh', '-c', 'sh mqnamesrv & exec sh mqbroker -n 127.0.0.1:9876 -c /tmp/broker.conf'])
      .withWaitStrategy(Wait.forLogMessage(/The broker\[.*boot success/))
      .withStartupTimeout(startTimeoutMs)
      .start()
    const mq = new RocketMQContainer(container, brokerPort)
    try {
      await createTopics(mq.nameserverAddress, topics)
    } catch (error) {
      await mq.stop()
      throw error
    }
    return mq
  }

  /** May be called again. */
  stop(): Promise<void> {
    this.#stopping ??= this.#container.stop().then(() => undefined)
    return this.#stopping
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}

/** broker.conf of a broker that clients reach at this port of the loopback interface. */
export function brokerConf(port: number, more: RocketMQContainerOptions['config'] = {}): string {
  const rows = { brokerIP1: '127.0.0.1', listenPort: port, enablePropertyFilter: true, ...more }
  return `${Object.entries(rows)
    .map(([key, value]) => `${key}=${value}`)
    .join('\n')}\n`
}

/** The broker registers a moment after its start, and a new topic has a route a moment later. */
async function createTopics(namesrvAddr: string, topics: readonly (string | DeclaredTopic)[]): Promise<void> {
  const admin = new Admin({ namesrvAddr })
  await admin.start()
  try {
    await eventually(async () => {
      const { brokerAddrTable } = await admin.clusterInfo()
      if (brokerAddrTable.size === 0) throw new Error('the broker has not registered')
    })
    for (const one of topics) {
      const { topic, queues } = typeof one === 'string' ? { topic: one, queues: 4 } : one
      await eventually(() => admin.createTopic(topic, { queues: queues ?? 4 }))
      await eventually(() => admin.topicRoute(topic))
    }
  } finally {
    await admin.shutdown()
  }
}

async function eventually(work: () => Promise<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await work()
      return
    } catch (error) {
      if (attempt === ROUTE_ATTEMPTS) throw error
      await new Promise((resolve) => setTimeout(resolve, 500))
    }
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
