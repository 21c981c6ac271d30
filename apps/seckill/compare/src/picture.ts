import { quantile, sorted } from './figures.js'
import { type Answer, PATIENCE_MS } from './rush.js'
import type { Side } from './side.js'

const BUCKET_MS = 500
const [WIDTH, LEFT, RIGHT] = [900, 70, 20]
const RATES = { top: 60, bottom: 250 }
const WAITS = { top: 310, bottom: 500 }
const HEIGHT = 550
const FONT = 'font-family="sans-serif" font-size="13"'
const COLORS = { coming: '#9aa5b1', direct: '#c4482f', queue: '#2f73c4' }
const WORDS = { direct: 'straight at the database', queue: 'through the queue' }

interface Point {
  readonly at: number
  readonly value: number
}

/**
 * An SVG of two charts over the same time: requests coming in against decisions made, and how long users
 * waited for an answer (p99 of each half second, logarithmic).
 */
export function picture(direct: Side, queue: Side): string {
  const sides = [direct, queue]
  const ends = sides.flatMap(({ answers, decidedAt }) => [...answers.map(({ at }) => at), ...decidedAt])
  const until = Math.ceil((ends.reduce((a, b) => Math.max(a, b), 1) + 1) / BUCKET_MS) * BUCKET_MS
  const x = (at: number): number => LEFT + (at / until) * (WIDTH - LEFT - RIGHT)
  const coming = rates(
    queue.answers.map(({ at }) => at),
    until,
  )
  const decided = sides.map(({ name, decidedAt }) => ({ name, points: rates(decidedAt, until) }))
  const largest = Math.max(
    1,
    ...[coming, ...decided.map(({ points }) => points)].flat().map(({ value }) => value),
  )
  const rateY = (value: number): number => RATES.bottom - (value / largest) * (RATES.bottom - RATES.top)
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" ${FONT}>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    text(10, 24, 'One rush, twice: requests coming in, and decisions made (a second)', 'font-weight="bold"'),
    ...legend(),
    ...axis(
      RATES,
      [0, largest / 2, largest].map((value) => [rateY(value), value.toFixed(0)]),
    ),
    line(coming, x, rateY, COLORS.coming, 'stroke-dasharray="5 3"'),
    ...decided.map(({ name, points }) => line(points, x, rateY, COLORS[name])),
    text(10, WAITS.top - 16, 'Time until the answer, p99 of each half second', 'font-weight="bold"'),
    ...axis(
      WAITS,
      [1, 10, 100, 1_000, 10_000].map((ms) => [waitY(ms), ms < 1_000 ? `${ms} ms` : `${ms / 1_000} s`]),
    ),
    ...sides.map((side) => line(waits(side), x, waitY, COLORS[side.name])),
    ...times(until, x),
    '</svg>',
    '',
  ].join('\n')
}

/** Events a second in each bucket. */
function rates(at: readonly number[], until: number): Point[] {
  const counts = new Array<number>(until / BUCKET_MS).fill(0)
  for (const ms of at) {
    const bucket = Math.max(0, Math.floor(ms / BUCKET_MS))
    counts[bucket] = (counts[bucket] ?? 0) + 1
  }
  return counts.map((count, n) => ({ at: (n + 0.5) * BUCKET_MS, value: (count * 1_000) / BUCKET_MS }))
}

function waits({ answers }: Side): Point[] {
  const buckets: Answer[][] = []
  for (const answer of answers) {
    const bucket = Math.max(0, Math.floor(answer.at / BUCKET_MS))
    const own = (buckets[bucket] ??= [])
    own.push(answer)
  }
  // Where nobody came there is nothing to draw.
  return buckets.flatMap((own, n) =>
    own === undefined ? [] : [{ at: (n + 0.5) * BUCKET_MS, value: quantile(sorted(own), 0.99) }],
  )
}

function waitY(ms: number): number {
  const share = Math.log10(Math.min(Math.max(ms, 1), PATIENCE_MS)) / Math.log10(PATIENCE_MS)
  return WAITS.bottom - share * (WAITS.bottom - WAITS.top)
}

type Scale = (value: number) => number

function line(points: readonly Point[], x: Scale, y: Scale, color: string, more = ''): string {
  const path = points.map(({ at, value }) => `${x(at).toFixed(1)},${y(value).toFixed(1)}`).join(' ')
  return `<polyline points="${path}" fill="none" stroke="${color}" stroke-width="2" ${more}/>`
}

const text = (x: number, y: number, words: string, more = ''): string =>
  `<text x="${x.toFixed(0)}" y="${y.toFixed(0)}" ${more}>${words}</text>`

function legend(): string[] {
  const entries = [
    ['coming', 'requests coming in'],
    ['direct', WORDS.direct],
    ['queue', WORDS.queue],
  ] as const
  return entries.flatMap(([name, words], n) => {
    const x = LEFT + n * 210
    return [`<rect x="${x}" y="36" width="14" height="4" fill="${COLORS[name]}"/>`, text(x + 20, 43, words)]
  })
}

function axis({ top, bottom }: typeof RATES, ticks: readonly (readonly [number, string])[]): string[] {
  return [
    `<line x1="${LEFT}" x2="${LEFT}" y1="${top}" y2="${bottom}" stroke="#333"/>`,
    ...ticks.flatMap(([y, words]) => [
      `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y.toFixed(1)}" y2="${y.toFixed(1)}" stroke="#ddd"/>`,
      text(LEFT - 8, y + 4, words, 'text-anchor="end"'),
    ]),
  ]
}

function times(until: number, x: Scale): string[] {
  const step = [1, 2, 5, 10, 20, 30, 60].find((seconds) => until / (seconds * 1_000) <= 12) ?? 120
  const seconds = Array.from({ length: Math.floor(until / (step * 1_000)) + 1 }, (_, n) => n * step)
  return seconds.flatMap((second) =>
    [RATES, WAITS].map(({ bottom }) =>
      text(x(second * 1_000), bottom + 18, `${second} s`, 'text-anchor="middle"'),
    ),
  )
}
