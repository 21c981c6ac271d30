import { closeSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from '@jest/globals'
import { type Broker, createBroker } from '@rockhopper/broker'
import { createNodeEnv } from '@rockhopper/env'
import { createRemotingClient } from '@rockhopper/remoting'
import { header } from './broker-workload.js'
import { realConfigOf } from './real-config.js'
import { MODES, type Mode } from './simulated-store.js'
import { audit } from './store-audit.js'
import { mountTmpfs } from './tmpfs.fixture.js'

const MIB = 1024 * 1024
const DISK_SIZE = 16 * MIB
const ROOM_LEFT = 48 * 1024
const BODY_SIZE = 4 * 1024
const TOPIC = 'Filling'
/** reliability-checklist 10. */
const GOES_ON_WITHIN_MS = 10_000

const silent = (): void => undefined
const env = createNodeEnv({ log: { info: silent, warn: silent, error: silent } })

function startedBroker(mode: Mode, directory: string): Broker {
  return createBroker({
    env,
    config: {
      ...realConfigOf(mode, directory),
      mappedFileSizeCommitLog: MIB,
      // Nothing may make room but who took it.
      cleanFileForciblyEnable: false,
    },
  })
}

const pause = (ms: number) => new Promise<void>((resolve) => void env.clock.after(ms, resolve))

/** A file that leaves so many bytes of the disk. */
function fill(directory: string, left: number): void {
  const { bavail, bsize } = statfsSync(directory)
  const file = openSync(join(directory, 'ballast'), 'w')
  const piece = Buffer.alloc(bsize)
  for (let free = bavail * bsize; free > left; free -= bsize) writeSync(file, piece)
  closeSync(file)
}

const probe = mountTmpfs(DISK_SIZE)
probe?.unmount()
const withTmpfs = probe === undefined ? test.skip : test

const mounts: ReturnType<typeof mountTmpfs>[] = []
function mounted() {
  const disk = mountTmpfs(DISK_SIZE)
  if (disk === undefined) throw new Error('a tmpfs could be mounted before and cannot now')
  mounts.push(disk)
  return disk
}
afterEach(() => {
  for (const disk of mounts.splice(0)) disk?.unmount()
})

withTmpfs.each(MODES)(
  'a real disk that fills up refuses sends, and goes on with space (%s; needs the right to mount)',
  async (mode) => {
    const { directory } = mounted()
    const client = createRemotingClient({ ...env, timeoutMs: 8_000, handlers: {} })
    const acknowledged = new Map<number, string>()
    let count = 0
    const send = async (broker: Broker) => {
      const text = `${count++}/`.padEnd(BODY_SIZE, 'x')
      const to = header(TOPIC, 0, { KEYS: `key${count}` }, false)
      const answer = await client.invoke(broker.address, 'SEND_MESSAGE_V2', to, Buffer.from(text))
      if (answer.code === 0) acknowledged.set(answer.header.queueOffset, text)
      return answer
    }
    const found = async (broker: Broker) => {
      const { delivered, log, differences } = await audit(broker.store)
      expect(differences).toEqual([])
      expect(log.length).toBe(acknowledged.size)
      return new Map(delivered.map(({ queueOffset, body }) => [queueOffset, body.toString()]))
    }
    const broker = startedBroker(mode, join(directory, 'store'))
    await broker.start()
    try {
      const group = Buffer.from('{"groupName":"GID_full"}')
      await client.invoke(broker.address, 'UPDATE_AND_CREATE_SUBSCRIPTIONGROUP', {}, group)
      for (let i = 0; i < 10; i++) expect((await send(broker)).code).toBe(0)
      fill(directory, ROOM_LEFT)
      let refused = 0
      for (let i = 0; refused < 20 && i < 100; i++) {
        const { code, remark } = await send(broker)
        if (code === 0) continue
        refused++
        expect([code, remark]).toEqual([14, expect.stringContaining('disk full')])
      }
      expect(refused).toBe(20)
      expect(acknowledged.size).toBeGreaterThan(10)
      expect(await found(broker)).toEqual(acknowledged)
      const commit = { consumerGroup: 'GID_full', topic: TOPIC, queueId: 0, commitOffset: 7 }
      expect((await client.invoke(broker.address, 'UPDATE_CONSUMER_OFFSET', commit)).code).toBe(0)
      // The watch over the disk's use notices, too: in one mode, for it takes its seconds.
      let { remark } = await send(broker)
      for (
        ;
        mode === 'ASYNC_FLUSH' && remark?.includes('WarningLevel') !== true;
        { remark } = await send(broker)
      )
        await pause(100)
      rmSync(join(directory, 'ballast'))
      const freedAt = performance.now()
      while ((await send(broker)).code !== 0) {
        expect(performance.now() - freedAt).toBeLessThan(GOES_ON_WITHIN_MS)
        await pause(100)
      }
      for (let i = 0; i < 5; i++) expect((await send(broker)).code).toBe(0)
      const asked = { consumerGroup: 'GID_full', topic: TOPIC, queueId: 0, setZeroIfNotFound: false }
      const offset = await client.invoke(broker.address, 'QUERY_CONSUMER_OFFSET', asked)
      expect(offset.code === 0 && offset.header.offset).toBe(7)
    } finally {
      await broker.stop()
    }
    const next = startedBroker(mode, join(directory, 'store'))
    try {
      await next.start()
      expect(await found(next)).toEqual(acknowledged)
    } finally {
      await next.stop()
      await client.close()
    }
  },
  60_000,
)
