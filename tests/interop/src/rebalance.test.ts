import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, afterEach, expect, test } from '@jest/globals'
import { type ClientProgram, goClient, javaClient, ourClient } from './clients.js'
import type { Cluster } from './cluster.js'
import { GroupUnderLoad } from './group-under-load.js'
import { describeWithTools } from './requirements.js'
import { Rockhopper } from './rockhopper.js'
import { removeTempDirs } from './temp.js'

const LONG = process.env['ROCKHOPPER_LONG'] === '1'
const QUEUES = 16
/** Between two messages to each queue. */
const PAUSE_MS = LONG ? 20 : 100
/** How long the load goes on around each kill. */
const CALM_MS = LONG ? 20_000 : 1_000
/** Programs start, and Go asks for routes every 30 s. */
const START_MS = 120_000
const TAKEOVER_MS = 20_000
const TIMEOUT_MS = 900_000

const java4 = javaClient('4.9.8')
const java5 = javaClient('5.4.0')
const MEMBERS: readonly ClientProgram[] = [java5, java4, goClient, ourClient, java5, goClient, ourClient]
/** One of each kind dies in the full size, one of Java's in the short one. */
const VICTIMS = LONG ? [0, 2, 3, 1] : [0]

let cluster: Cluster | undefined
let group: GroupUnderLoad | undefined
afterEach(async () => {
  await group?.stop()
  await cluster?.stop()
}, 60_000)
afterAll(removeTempDirs)

async function started(topic: string, pauseMs: number): Promise<GroupUnderLoad> {
  cluster = await Rockhopper.start()
  group = new GroupUnderLoad(cluster, topic, QUEUES)
  await group.start(pauseMs)
  return group
}

describeWithTools('a group of Java, Go and our consumers', () => {
  test(
    'has every queue at one member, takes over from the dead in 20 s, and skips nothing',
    async () => {
      const members = await started('rebalance', PAUSE_MS)
      await Promise.all(MEMBERS.map((client) => members.join(client)))
      await members.split(START_MS)
      const takeovers: number[] = []
      for (const victim of VICTIMS) {
        await delay(CALM_MS)
        await members.kill(victim)
        takeovers.push(await members.split(START_MS))
      }
      await delay(CALM_MS)
      const { skipped, repeated, unexplained, sent } = await members.verdict(60_000)
      process.stderr.write(`rebalance: ${JSON.stringify({ sent, repeated, takeovers })}\n`)
      expect({ skipped, unexplained }).toEqual({ skipped: [], unexplained: [] })
      for (const takeover of takeovers) expect(takeover).toBeLessThan(TAKEOVER_MS)
    },
    TIMEOUT_MS,
  )

  test('is found out when a member shares the queues out in another way', async () => {
    const members = await started('rebalance-wrong', 100)
    await members.join(ourClient)
    await members.join(ourClient, { allocate: 'circle' })
    await expect(members.split(10_000)).rejects.toThrow(/not at one member each: .*(\d\+\d|none)/)
  }, 120_000)
})
