import { expect, test } from '@jest/globals'
import { forSeeds } from '../random.fixture.js'
import { includesText } from './text-search.js'

test('finds what includes() finds, also in texts so long that it searches another way', () => {
  forSeeds(30, (random) => {
    const letters = (size: number) => Array.from({ length: size }, () => 'ab'[random.int(2)]).join('')
    const text = letters(20_000)
    const at = random.int(19_000)
    const search =
      random.int(2) === 0 ? text.slice(at, at + 8 + random.int(900)) : letters(8 + random.int(20))
    expect(includesText(text, search)).toBe(text.includes(search))
  })
})
