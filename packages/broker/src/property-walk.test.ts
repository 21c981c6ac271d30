import { describe, expect, test } from '@jest/globals'
import { Property, parseProperties } from '@rockhopper/message'
import { PropertyWalk } from './property-walk.js'
import { closedText, isPlain, ODD_PROPERTIES } from './stored-properties.js'

/** Mulberry32: the seed is printed with a failure. */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

const NAMES = [
  ...ODD_PROPERTIES,
  'UNIQ_KEY',
  'WAIT',
  'TAGS',
  'KEYS',
  'CLUSTERS',
  'DELA',
  'x',
  '1',
  '',
  'TRACE_OFF',
]
const VALUES = ['v', 'false', 'true', '', '0', 'a b', '消息', 'K"1', '\\', '12345']

describe('the walk over properties', () => {
  const seed = Math.floor(Math.random() * 2 ** 31)
  test(`what it takes as plain is plain for the parser, with the same key and flag (seed ${seed})`, () => {
    const next = random(seed)
    const pick = <T>(list: readonly T[]) => list[Math.floor(next() * list.length)] as T
    const walk = new PropertyWalk()
    let taken = 0
    for (let round = 0; round < 6_000; round++) {
      let text = next() < 0.7 ? 'UNIQ_KEY\u0001K1\u0002' : ''
      for (let left = Math.floor(next() * 5); left > 0; left--) {
        text += pick(NAMES) + (next() < 0.95 ? '\u0001' : '') + pick(VALUES) + (next() < 0.95 ? '\u0002' : '')
      }
      const bytes = Buffer.from(text)
      if (!walk.isPlain(bytes, bytes.length)) continue
      taken++
      const properties = parseProperties(text)
      expect({ text, plain: isPlain(properties) }).toEqual({ text, plain: true })
      expect(closedText(text)).toBe(text)
      const key = bytes.toString('latin1', walk.uniqueKeyStart, walk.uniqueKeyEnd)
      expect({ text, key }).toEqual({ text, key: properties[Property.UNIQ_KEY] })
      expect({ text, waits: walk.waits }).toEqual({ text, waits: properties[Property.WAIT] !== 'false' })
    }
    expect(taken).toBeGreaterThan(500)
  })

  test('what well-behaved clients write is taken', () => {
    const walk = new PropertyWalk()
    const bytes = Buffer.from(
      'KEYS\u0001k1 k2\u0002UNIQ_KEY\u00017F01\u0002WAIT\u0001false\u0002TAGS\u0001TagA\u0002',
    )
    expect(walk.isPlain(bytes, bytes.length)).toBe(true)
    expect(walk.waits).toBe(false)
  })
})
