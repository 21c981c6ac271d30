import { afterAll, beforeAll, test } from '@jest/globals'
import { goClient, javaClient } from '../clients.js'
import type { Cluster } from '../cluster.js'
import { describeWithTools } from '../requirements.js'
import { removeTempDirs } from '../temp.js'
import { sendAndReceive } from './send-and-receive.js'

const LONG = process.env['ROCKHOPPER_LONG'] === '1'
/** Messages of each sender. */
const COUNT = LONG ? 5_000 : 200
/** The first test also waits for programs that are not built yet. */
const BUILD_TIMEOUT_MS = 900_000
const TEST_TIMEOUT_MS = LONG ? 600_000 : 120_000

/** All that official clients must be able to do, against whoever's servers. */
export function scenariosAgainst(servers: string, start: () => Promise<Cluster>): void {
  describeWithTools(servers, () => {
    const java4 = javaClient('4.9.8')
    const java5 = javaClient('5.4.0')
    let cluster: Cluster

    beforeAll(async () => {
      cluster = await start()
    }, BUILD_TIMEOUT_MS)

    afterAll(async () => {
      await cluster?.stop()
      removeTempDirs()
    }, TEST_TIMEOUT_MS)

    test('what Java 4.9, Java 5.4 and Go clients send reaches all three unchanged', async () => {
      await sendAndReceive(
        cluster,
        'assorted',
        [
          { client: java4, mode: 'sync' },
          { client: java4, mode: 'batch' },
          { client: java5, mode: 'async' },
          { client: java5, mode: 'batch' },
          { client: java5, mode: 'oneway' },
          { client: goClient, mode: 'sync' },
          { client: goClient, mode: 'async' },
          { client: goClient, mode: 'batch' },
        ],
        [java4, java5, goClient],
        COUNT,
      )
    }, BUILD_TIMEOUT_MS)
  })
}
