import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { Admin } from '@rockhopper/client'
import { EmbeddedRocketMQ } from '@rockhopper/embedded'
import { said } from '../captured-main.fixture.js'

const folder = mkdtempSync(join(tmpdir(), 'rockhopper-topics-'))
const config = { autoCreateTopicEnable: false, autoCreateSubscriptionGroup: false }
let mq: EmbeddedRocketMQ
let admin: Admin

beforeAll(async () => {
  mq = await EmbeddedRocketMQ.start({ brokers: 2, config })
  admin = new Admin({ namesrvAddr: mq.nameserverAddress })
  await admin.start()
})

afterAll(async () => {
  await admin.shutdown()
  await mq.stop()
  rmSync(folder, { recursive: true, force: true })
})

function fileOf(text: string): string {
  const path = join(folder, 'topics.yaml')
  writeFileSync(path, text)
  return path
}

const apply = (text: string, ...more: string[]) =>
  said('topics', 'apply', '-f', fileOf(text), '-n', mq.nameserverAddress, ...more)

const FIRST = `
topics:
  - { topic: made, queues: 2, type: DELAY }
groups:
  - { group: readers, retryMaxTimes: 3 }
`

test('a dry run says what it would make and makes nothing', async () => {
  const { code, out, err } = await apply(FIRST, '--dry-run')
  expect([code, err]).toEqual([0, ''])
  expect(out.trimEnd().split('\n')).toEqual([
    ...mq.brokers.map(
      ({ address }) =>
        `topic made at ${address} would be made: readQueueNums 2, writeQueueNums 2, message.type DELAY`,
    ),
    ...mq.brokers.map(({ address }) => `group readers at ${address} would be made: retryMaxTimes 3`),
    '4 would be made',
  ])
  expect(await admin.topicList()).not.toContain('made')
  for (const groups of (await admin.subscriptionGroups()).values()) expect(groups.has('readers')).toBe(false)
})

test('topics and groups are made at every broker; a second run finds all as wanted', async () => {
  expect(await apply(FIRST)).toMatchObject({ code: 0, err: '' })
  for (const [, topic] of await admin.topicConfigs('made')) {
    expect(topic).toMatchObject({ readQueueNums: 2, writeQueueNums: 2, perm: 6 })
    expect(topic?.attributes.get('message.type')).toBe('DELAY')
  }
  for (const [, groups] of await admin.subscriptionGroups())
    expect(groups.get('readers')).toMatchObject({ retryMaxTimes: 3, consumeEnable: true })
  expect((await apply(FIRST)).out).toMatch(/\n4 as wanted\n$/)
})

test('a change keeps what the file does not name', async () => {
  await admin.createTopic('made', { queues: 2, perm: 4, brokerAddr: mq.brokerAddress })
  const second = `
topics: [{ topic: made, writeQueueNums: 3, readQueueNums: 3 }]
groups: [{ group: readers, consumeBroadcastEnable: false }]
`
  const { out } = await apply(second, '--brokerAddr', mq.brokerAddress)
  expect(out).toBe(
    `topic made at ${mq.brokerAddress} changed: writeQueueNums 2 -> 3, readQueueNums 2 -> 3\n` +
      `group readers at ${mq.brokerAddress} changed: consumeBroadcastEnable true -> false\n2 changed\n`,
  )
  const topic = (await admin.topicConfigs('made')).get(mq.brokerAddress)
  expect(topic).toMatchObject({ readQueueNums: 3, writeQueueNums: 3, perm: 4 })
  expect(topic?.attributes.get('message.type')).toBe('DELAY')
  const group = (await admin.subscriptionGroups()).get(mq.brokerAddress)?.get('readers')
  expect(group).toMatchObject({ retryMaxTimes: 3, consumeBroadcastEnable: false })
})

test('queues are never taken away, and nothing else is changed then', async () => {
  const { code, out, err } = await apply('topics: [{ topic: other }, { topic: made, queues: 1 }]')
  expect([code, err]).toEqual([1, expect.stringContaining('Nothing was changed')])
  expect(out).toContain('with 1 nobody sees what lies in the others')
  expect(await admin.topicList()).not.toContain('other')
})

test('a wrong file, a missing one, and a broker that refuses', async () => {
  expect(await apply('topics: [{ topik: a }]')).toMatchObject({
    code: 2,
    out: '',
    err: expect.stringContaining("topics.yaml:1: a topic has no 'topik'; did you mean 'topic'?"),
  })
  expect(await said('topics', 'apply', '-f', join(folder, 'none'), '-n', 'x:1')).toMatchObject({
    code: 2,
    err: expect.stringContaining('There is no file'),
  })
  const refused = await apply('topics: [{ topic: c, attributes: { cleanup.policy: COMPACTION } }]')
  expect(refused).toMatchObject({ code: 1, err: expect.stringContaining("The topic 'c' at ") })
  expect(refused.err).toContain('because: ')
})

test('--json says the same for programs', async () => {
  const { out } = await apply(FIRST, '--dry-run', '--json', '-b', mq.brokerAddress)
  expect(JSON.parse(out)).toMatchObject({
    done: false,
    steps: [
      { kind: 'topic', name: 'made', brokerAddr: mq.brokerAddress, what: 'refuse' },
      { kind: 'group', name: 'readers', what: 'as wanted', differences: [] },
    ],
  })
})
