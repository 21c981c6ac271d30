import { expect } from '@jest/globals'
import type { ClientProgram } from '../clients.js'
import type { Cluster } from '../cluster.js'
import { eventually } from '../eventually.js'
import { mqadmin } from '../mqadmin.js'
import { withPrograms } from '../program.js'
import { createTopic } from '../topics.js'
import { ask } from '../wire.js'
import { timedMessages } from './timer.js'

const GET_TIMER_METRICS = 61
const DAY_MS = 86_400_000
const DAY_SECONDS = 86_400
/** Beyond the three days that are the default, and beyond what the wheel goes around in. */
const DELAYS_MS = [4 * DAY_MS, 29 * DAY_MS]
const PARKED_MS = 30_000
const CONFIGURED_MS = 60_000

/** With timerMaxDelaySec of 30 days, which a running broker takes, messages wait longer than three. */
export async function waitForWeeks(cluster: Cluster, client: ClientProgram): Promise<void> {
  const { broker, nameserver } = cluster
  const topic = `weeks-${client.name.replaceAll(/\W/g, '_')}`
  await createTopic(cluster, topic, 1)
  const set = ['-k', 'timerMaxDelaySec', '-v', String(30 * DAY_SECONDS)]
  // On a busy machine mqadmin may have given up before the broker answered.
  await eventually('the broker is configured', CONFIGURED_MS, async () => {
    const said = await mqadmin(nameserver, ['updateBrokerConfig', '-b', broker.address, ...set])
    return said.includes('success') ? true : undefined
  })
  await withPrograms(async (programs) => {
    const produce = async (delaysMs: readonly number[]) => {
      const messages = timedMessages(topic, Date.now(), delaysMs)
      const producer = await client.produce({
        nameserver,
        group: `${topic}-producers`,
        messages,
        mode: 'sync',
      })
      programs.push(producer)
      return producer
    }
    await (await produce(DELAYS_MS)).succeeded()
    await eventually('both are in the wheel', PARKED_MS, async () => {
      const { body } = await ask(broker.address, GET_TIMER_METRICS)
      const { timingCount } = JSON.parse(body.toString('utf8')) as {
        readonly timingCount: Readonly<Record<string, { readonly count: number }>>
      }
      return timingCount[topic]?.count === DELAYS_MS.length ? true : undefined
    })
    const refused = await (await produce([31 * DAY_MS])).until(({ event }) => event === 'error')
    expect(String(refused['message'])).toMatch(/max delay/)
  })
}
