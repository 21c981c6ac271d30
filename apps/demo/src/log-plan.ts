import { join } from 'node:path'
import type { ChildPlan } from './child.js'
import type { DemoOptions } from './options.js'
import { type Addresses, HOST, OWN_BROKER, packageFolder, type ServicePlanned } from './plan.js'
import type { Ports } from './ports.js'

/** From 8021 on when the base is 8010. */
const FIRST_PORT = 11
const SERVICES = ['collector', 'storage', 'analytics'] as const

/** Windows short enough to watch: they close after seven seconds. */
const WINDOWS = {
  LOG_WINDOW_MS: '5000',
  LOG_SLIDING_MS: '30000',
  LOG_DISORDER_MS: '2000',
  LOG_LATENESS_MS: '30000',
}

/** The services of the log pipeline, and something that logs. */
export async function logPlans(
  options: DemoOptions,
  addresses: Addresses,
  ports: Ports,
): Promise<ServicePlanned[]> {
  const dataDir = join(options.dataDir, 'logs')
  const file = join(dataDir, 'cart.log')
  const shared = {
    HOST,
    ROCKETMQ_NAMESRV_ADDR: `${HOST}:${addresses.nameserver}`,
    ...OWN_BROKER,
    ROCKHOPPER_DATA_DIR: dataDir,
    LOG_SOURCE: 'demo',
    LOG_TAIL_FILES: file,
    ...WINDOWS,
  }
  const planned: ServicePlanned[] = []
  for (const [index, name] of SERVICES.entries()) {
    const port = await ports.take(options.portBase + FIRST_PORT + index)
    const plan: ChildPlan = {
      name,
      script: join(packageFolder(`@rockhopper/logs-${name}`), 'dist', 'main.js'),
      args: [],
      env: { ...shared, PORT: String(port) },
      ready: new RegExp(`^ready service=${name} `),
    }
    planned.push({ plan, port })
  }
  const collector = planned[0]?.port
  const generator: ChildPlan = {
    name: 'generator',
    script: join(import.meta.dirname, 'log-generator.js'),
    args: [],
    env: { ...shared, COLLECTOR_URL: `http://${HOST}:${collector}`, LOG_FILE: file },
    ready: /^ready service=generator/,
  }
  return [...planned, { plan: generator, port: 0 }]
}
