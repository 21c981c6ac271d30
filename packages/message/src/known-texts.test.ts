import { expect, test } from '@jest/globals'
import { KnownTexts } from './known-texts.js'

/** A text in the middle of other bytes. */
function told(known: KnownTexts, text: string): string {
  const bytes = Buffer.from(`<${text}>`)
  return known.text(bytes, 1, bytes.length - 2)
}

test('texts that come by turns, more than are kept, are always the right ones', () => {
  const known = new KnownTexts(1_024)
  const texts = Array.from({ length: 2_000 }, (_, i) => `Topic-${i}`)
  const wrong = [...texts, ...texts].filter((text) => told(known, text) !== text)
  expect(wrong).toEqual([])
})

test('what is not ASCII, empty or long is read as UTF-8, and told from bytes that look alike', () => {
  const known = new KnownTexts()
  const long = 'l'.repeat(300)
  for (const text of ['ab', 'é', 'ab', 'Ã©', '', 'é', '\u0000', long, `${long}m`, '漢字', '', 'ba']) {
    expect(told(known, text)).toBe(text)
  }
})
