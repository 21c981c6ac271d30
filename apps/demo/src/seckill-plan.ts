import { join } from 'node:path'
import type { ChildPlan } from './child.js'
import type { DemoOptions } from './options.js'
import { type Addresses, HOST, OWN_BROKER, packageFolder, type ServicePlanned } from './plan.js'
import type { Ports } from './ports.js'

/** From 8031 on when the base is 8010. */
const FIRST_PORT = 21
const SERVICES = ['api', 'worker', 'notifier'] as const

/** Slow enough to watch the queue: decisions a second, and seconds to pay. */
const RATES = { SECKILL_RATE: '100', SECKILL_NOTICE_RATE: '20', SECKILL_PAY_WITHIN_S: '20' }

/** The services of the seckill, and a crowd. */
export async function seckillPlans(
  options: DemoOptions,
  addresses: Addresses,
  ports: Ports,
): Promise<ServicePlanned[]> {
  const shared = {
    HOST,
    ROCKETMQ_NAMESRV_ADDR: `${HOST}:${addresses.nameserver}`,
    ...OWN_BROKER,
    ROCKHOPPER_DATA_DIR: join(options.dataDir, 'seckill'),
    PUSH_URL: `http://${HOST}:${addresses.sms}/sms`,
    ...RATES,
  }
  const planned: ServicePlanned[] = []
  for (const [index, name] of SERVICES.entries()) {
    const port = await ports.take(options.portBase + FIRST_PORT + index)
    const plan: ChildPlan = {
      name,
      script: join(packageFolder(`@rockhopper/seckill-${name}`), 'dist', 'main.js'),
      args: [],
      env: { ...shared, PORT: String(port), SECKILL_INSTANCE: `demo-${name}` },
      ready: new RegExp(`^ready service=${name} `),
    }
    planned.push({ plan, port })
  }
  const [api, worker] = planned
  const port = await ports.take(options.portBase + FIRST_PORT + SERVICES.length)
  const crowd: ChildPlan = {
    name: 'crowd',
    script: join(import.meta.dirname, 'crowd.js'),
    args: [],
    env: {
      HOST,
      PORT: String(port),
      API_URL: `http://${HOST}:${api?.port}`,
      WORKER_URL: `http://${HOST}:${worker?.port}`,
    },
    ready: /^ready service=crowd/,
  }
  return [...planned, { plan: crowd, port }]
}
