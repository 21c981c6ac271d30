import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from '@jest/globals'
import { type BrokerUnderTest, eventually, type StartOptions } from '../broker.fixture.js'
import {
  ack,
  bodiesOf,
  GROUP,
  type Popped,
  pop,
  popAll,
  sendAll,
  startPopBroker,
  TOPIC,
  untilPopped,
} from './pop.fixture.js'

const running: BrokerUnderTest[] = []
const copies: string[] = []
afterEach(async () => {
  for (const each of running.splice(0)) await each.stop()
  for (const dir of copies.splice(0)) rmSync(dir, { recursive: true, force: true })
})

async function start(options: StartOptions = {}): Promise<BrokerUnderTest> {
  const each = await startPopBroker(options)
  running.push(each)
  return each
}

/** What a kill at this moment leaves: the files as they are, nothing flushed, nothing said farewell. */
async function afterKill(each: BrokerUnderTest): Promise<BrokerUnderTest> {
  const storeDir = join(mkdtempSync(join(tmpdir(), 'rockhopper-killed-')), 'store')
  copies.push(storeDir)
  cpSync(each.storeDir, storeDir, { recursive: true })
  const again = await start({ storeDir })
  await again.clock.advance(Math.max(0, each.clock.now() - again.clock.now()))
  return again
}

/** Offsets are saved every few seconds; after a kill the group goes on from the last save. */
async function untilOffsetsSaved(each: BrokerUnderTest): Promise<void> {
  const file = join(each.storeDir, 'config', 'consumerOffset.json')
  await each.clock.advance(6_000)
  // Each pop of nothing is a way to the broker and back: turns in which the disk works.
  const ask = async () => {
    await pop(each)
    return existsSync(file) ? readFileSync(file, 'utf8') : ''
  }
  await eventually(ask, (text) => text.includes(`${TOPIC}@${GROUP}`))
}

describe('a broker that is killed', () => {
  test('between a pop and its acknowledgement gives the messages away again, each of them', async () => {
    const each = await start()
    await sendAll(each, ['a', 'b', 'c'])
    expect(bodiesOf(await popAll(each))).toEqual(['a', 'b', 'c'])
    const again = await afterKill(each)
    const bodies = new Set(bodiesOf(await untilPopped(again, 3)))
    expect([...bodies]).toEqual(['a', 'b', 'c'])
  })

  test('after an acknowledgement was answered does not revive what was acknowledged', async () => {
    const each = await start()
    await sendAll(each, ['a', 'b', 'c'])
    const popped = await popAll(each)
    await untilOffsetsSaved(each)
    for (const message of popped) if (message.body !== 'b') expect((await ack(each, message)).code).toBe(0)
    const again = await afterKill(each)
    expect(bodiesOf(await untilPopped(again, 1))).toEqual(['b'])
    await again.clock.advance(20_000)
    expect(await popAll(again)).toEqual([])
  })

  test('takes the receipts of the one before', async () => {
    const each = await start()
    await sendAll(each, ['a', 'b'])
    const [first, second] = (await popAll(each)) as [Popped, Popped]
    await untilOffsetsSaved(each)
    const again = await afterKill(each)
    expect((await ack(again, first)).code).toBe(0)
    expect(bodiesOf(await untilPopped(again, 1))).toEqual([second.body])
  })

  test('after a message was revived keeps it in its retry topic', async () => {
    const each = await start()
    await sendAll(each, ['a'])
    await popAll(each)
    const [retry] = await untilPopped(each, 1, { invisibleTime: 10_000 })
    expect(retry?.message.reconsumeTimes).toBe(1)
    const again = await afterKill(each)
    const found = await untilPopped(again, 1)
    expect(new Set(bodiesOf(found))).toEqual(new Set(['a']))
  })
})
