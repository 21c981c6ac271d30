import { expect, test } from '@jest/globals'
import type { Log } from '@rockhopper/env'
import { MqError } from '@rockhopper/message'
import { BrokerOffsetStore } from './broker-offset-store.js'

const QUEUE = { topic: 'orders', brokerName: 'broker-a', queueId: 0 }
const silent: Log = { info() {}, warn() {}, error() {} }

/** A broker that keeps one offset, can be away, and can be overtaken by a pull that was under way. */
function brokerWith(kept: number) {
  const broker = { kept, away: false, late: undefined as number | undefined }
  const assertThere = () => {
    if (broker.away) throw new MqError('CONNECTION_CLOSED', 'Asking a broker that is away')
  }
  const offsets = new BrokerOffsetStore(
    {
      query: async () => {
        assertThere()
        return broker.kept
      },
      commit: async (_, queueOffset) => {
        assertThere()
        broker.kept = broker.late ?? queueOffset
        broker.late = undefined
      },
    },
    silent,
  )
  return { broker, offsets }
}

test('a seek back is not undone by a pull that was under way', async () => {
  const { broker, offsets } = brokerWith(90)
  offsets.update(QUEUE, 100)
  broker.late = 100
  offsets.update(QUEUE, 10, true)
  await offsets.settle(QUEUE)
  expect(broker.kept).toBe(10)
})

test('an ordinary commit leaves a higher offset of the broker alone, and mends a lower one', async () => {
  const { broker, offsets } = brokerWith(0)
  broker.late = 120
  offsets.update(QUEUE, 100)
  await offsets.settle(QUEUE)
  expect(broker.kept).toBe(120)
  broker.late = 50
  offsets.update(QUEUE, 130)
  await offsets.settle(QUEUE)
  expect(broker.kept).toBe(130)
})

test('a seek while the broker is away holds when the queue is taken again', async () => {
  const { broker, offsets } = brokerWith(90)
  broker.away = true
  offsets.update(QUEUE, 10, true)
  await offsets.settle(QUEUE)
  offsets.remove(QUEUE)
  expect(await offsets.load(QUEUE)).toBe(10)
  broker.away = false
  await offsets.settle(QUEUE)
  offsets.remove(QUEUE)
  broker.kept = 15
  expect(await offsets.load(QUEUE)).toBe(15)
})
