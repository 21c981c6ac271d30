import { describe, expect, test } from '@jest/globals'
import { forSeeds } from './random.fixture.js'
import { javaHashCode, javaHashCodeOfBytes, matchesTags, parseTagExpression, tagsCode } from './tags.js'

describe("Java's hashCode", () => {
  test.each([
    ['TagA', 2_598_919],
    ['', 0],
    ['order-1', -1_207_111_310],
    ['order-2', -1_207_111_309],
    ['T#k1', 2_539_445],
    ['a|b', 97_159],
  ])('of %p is %p', (text, hash) => {
    expect(javaHashCode(text)).toBe(hash)
  })

  test('of bytes is that of their text, also beyond ASCII', () => {
    forSeeds(300, (random) => {
      const text = random.text(30)
      const bytes = Buffer.from(`<<${text}>>`)
      expect(javaHashCodeOfBytes(bytes, 2, bytes.length - 2)).toBe(javaHashCode(text))
    })
  })

  test('a message without a tag has tagsCode 0', () => {
    expect(tagsCode(undefined)).toBe(0)
    expect(tagsCode('TagA')).toBe(2_598_919)
  })
})

describe('tag expressions', () => {
  test.each(['a||b', ' a || b ', 'a||||b'])('%p subscribes to a and b and is kept verbatim', (expression) => {
    expect(parseTagExpression(expression)).toEqual({
      ok: true,
      subString: expression,
      tagsSet: new Set(['a', 'b']),
      codeSet: new Set([97, 98]),
    })
  })

  test('a single bar is part of a tag', () => {
    expect(parseTagExpression('a|b')).toMatchObject({ tagsSet: new Set(['a|b']), codeSet: new Set([97_159]) })
  })

  test.each([undefined, '', '*'])('%p is everything', (expression) => {
    const everything = { ok: true, subString: '*', tagsSet: new Set(), codeSet: new Set() }
    expect(parseTagExpression(expression)).toEqual(everything)
  })

  test.each(['||', ' || ', ' '])('%p is an error', (expression) => {
    expect(parseTagExpression(expression)).toEqual({ ok: false, reason: 'subString split error' })
  })

  test('the second look compares strings: BB and Aa have one hash', () => {
    expect(javaHashCode('BB')).toBe(javaHashCode('Aa'))
    expect(matchesTags(new Set(['Aa']), 'BB')).toBe(false)
    expect(matchesTags(new Set(['Aa']), 'Aa')).toBe(true)
    expect(matchesTags(new Set(['Aa']), undefined)).toBe(false)
    expect(matchesTags(new Set(), undefined)).toBe(true)
  })
})
