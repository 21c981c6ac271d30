import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from '@jest/globals'
import { PushConsumer } from './push-consumer.js'
import { env, nameServerOf } from './scripted-servers.fixture.js'

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

test('a second broadcasting member does not start on the offsets of a living one', async () => {
  const offsetStoreDir = mkdtempSync(join(tmpdir(), 'rockhopper-broadcast-'))
  ends.push(() => rmSync(offsetStoreDir, { recursive: true }))
  const nameServer = await nameServerOf(new Map())
  ends.push(() => nameServer.stop())
  const member = (instanceName?: string) => {
    const consumer = new PushConsumer({
      env,
      namesrvAddr: nameServer.address,
      consumerGroup: 'g',
      messageModel: 'BROADCASTING',
      offsetStoreDir,
      ...(instanceName === undefined ? {} : { instanceName }),
    })
    ends.push(() => consumer.shutdown())
    return consumer
  }
  const first = member()
  await first.start(() => {})
  const second = member()
  await expect(second.start(() => {})).rejects.toThrow(/'g'.*set instanceName/)
  await member('other').start(() => {})
  await first.shutdown()
  // It was refused before it began, so it may try again.
  await second.start(() => {})
})
