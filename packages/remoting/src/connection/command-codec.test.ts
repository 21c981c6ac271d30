import { expect, test } from '@jest/globals'
import type { CommandName } from '../protocol/commands.js'
import { COMMANDS, commandRow } from '../protocol/commands.js'
import type { Field } from '../protocol/field.js'
import { type SeededRandom, seededRandom } from '../protocol/seeded-random.fixture.js'
import { encodeReplyHead } from './command-codec.js'
import type { Reply } from './processor.js'

const IDENTITY = { language: 'JAVA', requestVersion: 479, responseVersion: 0 } as const
const TEXTS = ['', 'TopicTest', 'a"b\\c/d', '标签', '\u007f\u2028', '😀', '\t\n', 'k\u0001v\u0002']

function fieldValue(random: SeededRandom, { type }: Field): unknown {
  if (type === 'string') return random.pick(TEXTS)
  if (type === 'boundary') return random.pick(['LOWER', 'UPPER'])
  if (type === 'bool') return random.below(2) === 0
  if (type === 'double') return random.below(1_000) / 8
  const extremes = type === 'i64saturate' ? [Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER] : []
  return random.pick([0, -1, random.below(2 ** 31), ...extremes])
}

/** A reply with fields beside the header goes the general way: with none of them its bytes must be these. */
test('the head of an answer is the same put together as text or by way of its fields', () => {
  const random = seededRandom()
  const names = Object.keys(COMMANDS) as CommandName[]
  for (let round = 0; round < 2_000; round++) {
    const name = random.pick(names)
    const header: Record<string, unknown> = {}
    for (const [key, field] of Object.entries(commandRow(name).response)) {
      if (field.required || random.below(2) === 0) header[key] = fieldValue(random, field)
    }
    const reply = {
      code: random.below(400),
      remark: random.below(2) === 0 ? undefined : random.pick(TEXTS),
      header: random.below(5) === 0 ? undefined : header,
    } as Reply<CommandName>
    const opaque = random.below(2 ** 31)
    const text = encodeReplyHead(IDENTITY, name, opaque, reply, 77)
    const fields = encodeReplyHead(IDENTITY, name, opaque, { ...reply, extFields: {} }, 77)
    expect(text.toString()).toBe(fields.toString())
  }
})
