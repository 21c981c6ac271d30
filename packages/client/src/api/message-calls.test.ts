import { expect, test } from '@jest/globals'
import { encodeProperties, encodeRecord, MAGIC_V1, recordSize } from '@rockhopper/message'
import { ok } from '@rockhopper/remoting'
import { env, serverOf } from '../scripted-servers.fixture.js'
import { SILENT } from '../virtual-clock.fixture.js'
import { createClientApi } from './client-api.js'

function recordAt(queueOffset: number): Buffer {
  const host = { address: '127.0.0.1', port: 1 }
  const draft = {
    topic: 'T',
    queueId: 0,
    body: Buffer.from(`m${queueOffset}`),
    properties: encodeProperties({}),
    flag: 0,
    sysFlag: 0,
    bornTimestamp: 1,
    bornHost: host,
    storeTimestamp: 2,
    storeHost: host,
    reconsumeTimes: 0,
    preparedTransactionOffset: 0,
  }
  const bytes = Buffer.alloc(recordSize(draft))
  encodeRecord(draft, { queueOffset, physicalOffset: queueOffset * 1_000, storeTimestamp: 2 }, bytes, 0)
  return bytes
}

/** A record of the right size whose body is longer than it. */
function unreadable(queueOffset: number): Buffer {
  const bytes = recordAt(queueOffset)
  bytes.writeInt32BE(1_000_000, 84)
  return bytes
}

async function pull(...parts: Buffer[]) {
  const errors: unknown[] = []
  const error = (event: string, fields?: object) => void errors.push({ event, ...fields })
  const header = { nextBeginOffset: 9, minOffset: 0, maxOffset: 9, suggestWhichBrokerId: 0 }
  const server = await serverOf({ PULL_MESSAGE: () => ok(header, Buffer.concat(parts)) })
  const api = createClientApi({ env: { ...env, log: { ...SILENT, error } } })
  try {
    const answer = await api.pull(server.address, {
      consumerGroup: 'g',
      topic: 'T',
      queueId: 0,
      queueOffset: 5,
      maxMsgNums: 32,
      sysFlag: 0,
      commitOffset: 0,
      suspendTimeoutMillis: 0,
      subscription: '*',
      subVersion: 0,
      expressionType: 'TAG',
    })
    const { records, nextBeginOffset } = answer
    return { offsets: records.map((record) => record.queueOffset), nextBeginOffset, errors }
  } finally {
    await api.close()
    await server.stop()
  }
}

test.each([
  ['at the head', [unreadable(5), recordAt(6), recordAt(7)], [6, 7], 5],
  ['in the middle', [recordAt(5), unreadable(6), recordAt(7)], [5, 7], 6],
])(
  'a record that cannot be read %s is skipped alone, and the log says which',
  async (_, parts, left, broken) => {
    const { offsets, nextBeginOffset, errors } = await pull(...parts)
    expect(offsets).toEqual(left)
    expect(nextBeginOffset).toBe(9)
    expect(errors).toEqual([
      expect.objectContaining({
        event: 'client.pull.recordSkipped',
        topic: 'T',
        queueId: 0,
        queueOffset: broken,
        physicalOffset: broken * 1_000,
      }),
    ])
  },
)

test('a record whose magic alone is wrong is skipped by its size', async () => {
  const bytes = recordAt(5)
  bytes.writeInt32BE(MAGIC_V1 + 1, 4)
  expect((await pull(bytes, recordAt(6))).offsets).toEqual([6])
})

test('without a size that can be used the queue goes on where the broker says', async () => {
  const bytes = recordAt(5)
  bytes.writeInt32BE(-1, 0)
  const { offsets, nextBeginOffset, errors } = await pull(bytes, recordAt(6))
  expect([offsets, nextBeginOffset]).toEqual([[], 9])
  expect(errors).toEqual([expect.objectContaining({ topic: 'T', queueOffset: 5, physicalOffset: 5_000 })])
})

test('what is cut off behind readable records is asked for again first', async () => {
  const { offsets, nextBeginOffset, errors } = await pull(recordAt(5), recordAt(6).subarray(0, 60))
  expect([offsets, nextBeginOffset, errors]).toEqual([[5], 6, []])
})
