import { expect, test } from '@jest/globals'
import { createNodeEnv } from '@rockhopper/env'
import { createUniqueIdSource, type Message } from '@rockhopper/message'
import { outgoingBatch } from './outgoing-message.js'
import { splitBatch } from './split-batch.js'

const SIZE_MAX = 1_000
const nextId = createUniqueIdSource(createNodeEnv())

const sizeOf = (batch: readonly Message[]): number =>
  outgoingBatch(batch, nextId, { maxMessageSize: Number.MAX_SAFE_INTEGER }).body.length

test('batches are as large as they may be and no larger, with every message in its place', () => {
  const messages = Array.from({ length: 200 }, (_, n) => ({
    topic: 'T',
    body: '\u6d88'.repeat((n * 37) % 90),
    ...(n % 3 === 0 ? { tag: 'A', keys: [`key-${n}`], properties: { number: String(n) } } : {}),
  }))
  const batches = splitBatch(messages, SIZE_MAX)
  expect(batches.flat()).toEqual(messages)
  for (const [at, batch] of batches.entries()) {
    expect(sizeOf(batch)).toBeLessThanOrEqual(SIZE_MAX)
    const next = batches[at + 1]?.[0]
    if (next !== undefined) expect(sizeOf([...batch, next])).toBeGreaterThan(SIZE_MAX)
  }
})

test('a message that is too large by itself is alone, and nothing is no batch', () => {
  const [small, large] = [
    { topic: 'T', body: 'x' },
    { topic: 'T', body: 'x'.repeat(SIZE_MAX) },
  ]
  expect(splitBatch([small, large, small], SIZE_MAX)).toEqual([[small], [large], [small]])
  expect(splitBatch([])).toEqual([])
})
