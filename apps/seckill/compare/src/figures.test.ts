import { expect, test } from '@jest/globals'
import { comparison, figuresOf } from './figures.js'
import { picture } from './picture.js'
import type { Side } from './side.js'

const side = (name: Side['name'], waits: readonly number[], failed = 0): Side => ({
  name,
  answers: [
    ...waits.map((tookMs, n) => ({ at: n * 100, tookMs, status: 200 })),
    ...Array.from({ length: failed }, () => ({ at: 0, tookMs: 10_000, status: 0 })),
  ],
  decidedAt: waits.map((_, n) => n * 200),
  orders: 3,
})
const tenths = Array.from({ length: 100 }, (_, n) => n + 1)

test('quantiles count what got no answer with all the time it took', () => {
  const figures = figuresOf(side('direct', tenths, 2))
  expect(figures).toMatchObject({ served: 100, failed: 2, p50Ms: 51, maxMs: 10_000, p99Ms: 10_000 })
  expect(figures.decidedAfterMs).toBe(19_800)
})

test('a direct side that is not worse is called so', () => {
  const fast = figuresOf(side('direct', tenths))
  const slow = figuresOf(
    side(
      'queue',
      tenths.map((wait) => wait * 10),
    ),
  )
  expect(comparison(fast, slow)).toMatch(/^The database alone was not worse/)
  expect(comparison(slow, fast)).toMatch(/^Users waited 10.0 times as long at the database/)
  expect(comparison(figuresOf(side('direct', tenths, 5)), slow)).toMatch(
    /5 requests got no answer, at the queue 0/,
  )
  expect(comparison(slow, figuresOf(side('queue', tenths, 5)))).toMatch(
    /^At the queue 5 requests got no answer, at the database 0: it was not worse/,
  )
})

test('every point of the picture is within it', () => {
  const drawn = picture(side('direct', [0.2, 5, 20_000]), side('queue', [1, 2, 3]))
  const points = [...drawn.matchAll(/points="([^"]+)"/g)].flatMap(([, all = '']) => all.split(' '))
  expect(points.length).toBeGreaterThan(4)
  for (const point of points) {
    const [x = -1, y = -1] = point.split(',').map(Number)
    expect(x >= 0 && x <= 900 && y >= 0 && y <= 550).toBe(true)
  }
})
