import { expect, test } from '@jest/globals'
import {
  ConsumerOffsetWrapper,
  type DataVersion,
  DelayOffsetWrapper,
  SubscriptionGroupWrapper,
  TopicConfigSerializeWrapper,
} from '@rockhopper/remoting'
import { SimDisk, VirtualClock } from '@rockhopper/sim'
import { stateFile } from '@rockhopper/store'
import { groupConfig } from './groups.js'
import { prettyJson } from './pretty-json.js'
import { brokerStateFiles } from './state-files.js'
import { topicConfig } from './system-topics.js'

const CONFIG = '/store/config/'
const VERSION = { counter: 3, stateVersion: 0, timestamp: 1_700_000_000_000 }

/** Two saved versions of each file: 1 in `.bak`, 2 in the file. */
async function prepared() {
  const clock = new VirtualClock()
  const disk = new SimDisk(clock)
  const files = brokerStateFiles(disk, '/store')
  for (const version of [1, 2]) {
    const dataVersion = { ...VERSION, counter: version }
    const topicConfigTable = new Map([['Topic', topicConfig('Topic', 4)]])
    const subscriptionGroupTable = new Map([['group', groupConfig('group')]])
    const consumed = new Map([['Topic@group', new Map([[0, version]])]])
    const texts = [
      [files.topics, TopicConfigSerializeWrapper.encode({ dataVersion, topicConfigTable })],
      [
        files.groups,
        SubscriptionGroupWrapper.encode({ dataVersion, forbiddenTable: new Map(), subscriptionGroupTable }),
      ],
      [files.consumerOffsets, ConsumerOffsetWrapper.encode({ dataVersion, offsetTable: consumed })],
      [files.delayOffsets, DelayOffsetWrapper.encode({ dataVersion, offsetTable: new Map([[1, version]]) })],
    ] as const
    for (const [{ file }, bytes] of texts) await clock.until(file.save(prettyJson(bytes)))
  }
  return { disk }
}

/** The version that is found in a file, as the broker reads it. */
function versionIn(disk: SimDisk, name: string): number | undefined {
  const body = BODIES[name] as (typeof BODIES)[string]
  return stateFile(disk, CONFIG + name).load((text) => body.decode(Buffer.from(text)).dataVersion?.counter)
}

const BODIES: Record<string, { decode(bytes: Uint8Array): { dataVersion?: DataVersion | undefined } }> = {
  'topics.json': TopicConfigSerializeWrapper,
  'subscriptionGroup.json': SubscriptionGroupWrapper,
  'consumerOffset.json': ConsumerOffsetWrapper,
  'delayOffset.json': DelayOffsetWrapper,
}

test.each(Object.keys(BODIES))(
  '%s cut at any byte, or ending in zeros from any byte on, gives way to the version before',
  async (name) => {
    const { disk } = await prepared()
    const whole = Buffer.from(disk.bytes(CONFIG + name))
    expect(versionIn(disk, name)).toBe(2)
    for (let at = 0; at < whole.length; at++) {
      const zeroed = Buffer.alloc(whole.length)
      whole.copy(zeroed, 0, 0, at)
      for (const damaged of [whole.subarray(0, at), zeroed]) {
        // The load takes an unreadable file away, so that it never becomes the .bak.
        disk.put(CONFIG + name, damaged)
        const found = versionIn(disk, name)
        if (found !== 1) throw new Error(`cut at ${at}: version ${found}`)
      }
    }
  },
)

test.each(Object.keys(BODIES))(
  '%s with both versions unreadable refuses the start, naming it',
  async (name) => {
    const { disk } = await prepared()
    disk.put(CONFIG + name, Buffer.alloc(100))
    disk.put(`${CONFIG}${name}.bak`, Buffer.from('{'))
    expect(() => brokerStateFiles(disk, '/store')).toThrow(CONFIG + name)
  },
)

test('a table of more than 64 MiB is read', async () => {
  const { disk } = await prepared()
  const text = disk.bytes(`${CONFIG}subscriptionGroup.json`)
  disk.put(`${CONFIG}subscriptionGroup.json`, Buffer.concat([text, Buffer.alloc(65 * 1024 * 1024, ' ')]))
  expect(brokerStateFiles(disk, '/store').groups.saved?.dataVersion?.counter).toBe(2)
})

test('what Apache writes is read: unquoted integer keys and tabs', () => {
  const disk = new SimDisk(new VirtualClock())
  const version =
    '"dataVersion":{\n\t\t"counter":0,\n\t\t"stateVersion":0,\n\t\t"timestamp":1795234155659\n\t}'
  disk.put(`${CONFIG}delayOffset.json`, Buffer.from(`{\n\t${version},\n\t"offsetTable":{1:5,3:7\n\t}\n}`))
  disk.put(
    `${CONFIG}consumerOffset.json`,
    Buffer.from(`{\n\t${version},\n\t"offsetTable":{"T@cg":{0:10,1:11\n\t\t}\n\t}\n}`),
  )
  const { consumerOffsets, delayOffsets } = brokerStateFiles(disk, '/store')
  expect(delayOffsets.saved?.offsetTable).toEqual(
    new Map([
      [1, 5],
      [3, 7],
    ]),
  )
  expect(consumerOffsets.saved?.offsetTable.get('T@cg')).toEqual(
    new Map([
      [0, 10],
      [1, 11],
    ]),
  )
  expect(delayOffsets.saved?.dataVersion?.timestamp).toBe(1_795_234_155_659)
})
