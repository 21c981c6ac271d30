import { expect, test } from '@jest/globals'
import { ConsumerOffsets, OFFSETS_MAX } from './consumer-offsets.js'

function offsets(): ConsumerOffsets {
  const file = { load: () => undefined, save: async () => undefined }
  return new ConsumerOffsets({ clock: { now: () => 1 } as never, file, saved: undefined })
}

test('the table is bounded by its queues, which a client may number as it likes', () => {
  const table = offsets()
  for (let queueId = 0; queueId < OFFSETS_MAX; queueId++) {
    if (!table.commit('g', 'T', queueId, 1)) throw new Error(`queue ${queueId} was refused`)
  }
  expect(table.commit('g', 'T', OFFSETS_MAX, 1)).toBe(false)
  expect(table.commit('g', 'U', 0, 1)).toBe(false)
  expect(table.commit('g', 'T', 0, 2)).toBe(true)
  table.deleteTopic('T')
  expect(table.commit('g', 'U', 0, 1)).toBe(true)
})
