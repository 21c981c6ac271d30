import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { springApplication } from './build-cache.js'
import { runSpring } from './clients.js'
import type { Cluster } from './cluster.js'
import { Program, withPrograms } from './program.js'
import { describeWithTools } from './requirements.js'
import { Rockhopper } from './rockhopper.js'
import { removeTempDirs, tempDir } from './temp.js'

const BUILD_TIMEOUT_MS = 900_000
const TEST_TIMEOUT_MS = 120_000
const READY = /^ready service=\w+ host=\S+ port=(\d+)/

describeWithTools('seed 003', () => {
  let cluster: Cluster

  beforeAll(async () => {
    await springApplication()
    cluster = await Rockhopper.start()
  }, BUILD_TIMEOUT_MS)
  afterAll(async () => {
    await cluster?.stop()
    removeTempDirs()
  }, TEST_TIMEOUT_MS)

  test(
    'an order placed at /order?pid=1 of our order service reaches a Spring Boot listener on order-topic',
    () =>
      withPrograms(async (programs) => {
        const { nameserver } = cluster
        const inventory = service('inventory', nameserver)
        programs.push(inventory)
        await port(inventory)
        const order = service('order', nameserver)
        programs.push(order)
        const response = await fetch(`http://127.0.0.1:${await port(order)}/order?pid=1`)
        const body = await response.text()
        expect({ ok: response.ok, body }).toMatchObject({ ok: true })
        const placed = JSON.parse(body) as { id: string }
        // As in the text: the listener starts after the order was placed.
        const listener = await runSpring(nameserver)
        programs.push(listener)
        const line = await listener.until(({ event }) => event === 'order')
        expect(line['order']).toMatchObject({ oid: placed.id, pid: '1', number: '1' })
      }),
    TEST_TIMEOUT_MS,
  )
})

/** A service of the shop as a process of its own, on any free port, with its own database file. */
function service(name: 'inventory' | 'order', nameserver: string): Program {
  const directory = dirname(createRequire(import.meta.url).resolve(`@rockhopper/shop-${name}/package.json`))
  return new Program({
    name: `shop ${name}`,
    command: process.execPath,
    args: [join(directory, 'dist/main.js')],
    env: {
      ...process.env,
      NODE_OPTIONS: '',
      PORT: '0',
      ROCKETMQ_NAMESRV_ADDR: nameserver,
      ROCKHOPPER_TOPICS: 'create',
      ROCKHOPPER_DATA_DIR: tempDir(`shop-${name}`),
    },
  })
}

async function port(program: Program): Promise<number> {
  const line = await program.until(({ text }) => READY.test(String(text)))
  return Number(READY.exec(String(line['text']))?.[1])
}
