import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { ChildPlan } from './child.js'
import type { DemoOptions } from './options.js'
import type { Ports } from './ports.js'

export const HOST = '127.0.0.1'

/**
 * Seconds of `1s 5s 10s …` would make a retry in the demo a matter of minutes; the first levels are shorter
 * here.
 */
const DEMO_DELAY_LEVELS = '1s 2s 3s 5s 5s 5s 10s 10s 10s 30s 1m 2m 5m 10m 20m 30m 1h 2h'

/** The broker here is nobody else's: the services make what topics and groups they miss. */
export const OWN_BROKER = { ROCKHOPPER_TOPICS: 'create' }

export interface Addresses {
  readonly nameserver: number
  readonly broker: number
  readonly smtp: number
  readonly sms: number
}

/** A notice that fails twice is a dead letter: soon enough to watch. */
const MORE: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  notification: { SHOP_RETRIES: '1' },
}

const SERVICES = ['order', 'inventory', 'payment', 'notification', 'user'] as const

/**
 * The broker with its name server. Ports are fixed for the run, so that a killed one comes back where it was.
 */
export function brokerPlan(options: DemoOptions, addresses: Addresses): ChildPlan {
  return {
    name: 'broker',
    script: join(packageFolder('@rockhopper/cli'), 'bin', 'rockhopper.js'),
    args: [
      'server',
      '--host',
      HOST,
      '--nameserver-port',
      String(addresses.nameserver),
      '--broker-port',
      String(addresses.broker),
      '--store-dir',
      join(options.dataDir, 'store'),
      `messageDelayLevel=${DEMO_DELAY_LEVELS}`,
    ],
    env: {},
    ready: /^rockhopper ready /,
  }
}

/**
 * The five services of the shop. Port 8011 for the order service, as in the tutorial, when the base is 8010.
 */
export async function shopPlans(
  options: DemoOptions,
  addresses: Addresses,
  ports: Ports,
): Promise<ServicePlanned[]> {
  const plans: ServicePlanned[] = []
  for (const [index, name] of SERVICES.entries()) {
    const port = await ports.take(options.portBase + 1 + index)
    plans.push({
      port,
      plan: {
        name,
        script: join(packageFolder(`@rockhopper/shop-${name}`), 'dist', 'main.js'),
        args: [],
        env: {
          HOST,
          PORT: String(port),
          ROCKETMQ_NAMESRV_ADDR: `${HOST}:${addresses.nameserver}`,
          ...OWN_BROKER,
          ROCKHOPPER_DATA_DIR: join(options.dataDir, 'shop'),
          SMTP_URL: `smtp://${HOST}:${addresses.smtp}`,
          SMS_URL: `http://${HOST}:${addresses.sms}/sms`,
          SHOP_INSTANCE: `demo-${name}`,
          ...MORE[name],
        },
        ready: new RegExp(`^ready service=${name} `),
      },
    })
  }
  return plans
}

export interface ServicePlanned {
  readonly plan: ChildPlan
  readonly port: number
}

export function packageFolder(name: string): string {
  return dirname(createRequire(import.meta.url).resolve(`${name}/package.json`))
}
