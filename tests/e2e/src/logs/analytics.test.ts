import { describe, expect, test } from '@jest/globals'
import type { WindowView } from '@rockhopper/logs-analytics'
import { COLLECTOR, eventually, Pipeline, post, type Service } from './pipeline.fixture.js'

const AT = Date.parse('2026-11-20T08:30:00Z')
const SECONDS = 8
const PER_SECOND = 100

/** Duration `n % 100 + 1`, every tenth an error, neighbours of half a second in any order. */
const lines = Array.from({ length: SECONDS * PER_SECOND }, (_, n) => ({
  time: AT + n * (1_000 / PER_SECOND),
  level: n % 10 === 0 ? 'error' : 'info',
  service: n % 2 === 0 ? 'shop' : 'mail',
  message: `order ${n} took a while`,
  durationMs: (n % 100) + 1,
})).sort(
  (a, b) => (a.time % 450) - (b.time % 450) + (Math.floor(a.time / 450) - Math.floor(b.time / 450)) * 1e6,
)

interface State {
  readonly lines: number
  readonly late: number
  readonly repeated: number
}

async function ask<T>(service: Service, path: string): Promise<T> {
  return (await (await fetch(`${service.url}/${path}`)).json()) as T
}

const counted = (analytics: Service, wanted: Partial<State>) =>
  eventually(JSON.stringify(wanted), async () => {
    const state = await ask<State>(analytics, 'analytics')
    return Object.entries(wanted).every(([key, value]) => state[key as keyof State] === value)
      ? state
      : undefined
  })

const closed = (analytics: Service, lineCount: number) =>
  eventually(`${lineCount} lines in closed windows`, async () => {
    const windows = await ask<WindowView[]>(analytics, 'windows?count=20')
    const all = windows.filter(({ version }) => version > 0)
    return all.reduce((sum, { figures }) => sum + figures.lines, 0) === lineCount ? windows : undefined
  })

describe('the windows of the analytics', () => {
  test('say what was sent, once, over a restart, and are corrected by late lines', async () => {
    await using pipeline = await Pipeline.start()
    const collector = await pipeline.run(COLLECTOR)
    const first = await pipeline.analytics()
    const half = lines.length / 2
    for (let from = 0; from < half; from += 50)
      await post(collector, `b-${from}`, lines.slice(from, from + 50))
    await counted(first, { lines: half })
    await first[Symbol.asyncDispose]()
    for (let from = half; from < lines.length; from += 50)
      await post(collector, `b-${from}`, lines.slice(from, from + 50))
    // From before the restart: known again by its ids.
    await post(collector, 'b-100', lines.slice(100, 150))
    await using second = await pipeline.analytics()
    await counted(second, { lines: lines.length, late: 0, repeated: 50 })

    const windows = await closed(second, lines.length)
    const full = windows.find(({ start }) => start === AT + 2_000)
    expect(full?.figures).toMatchObject({
      lines: PER_SECOND,
      perSecond: PER_SECOND,
      levels: { info: 90, error: 10 },
      errorRatio: 0.1,
      services: { shop: { lines: 50 }, mail: { lines: 50 } },
      top: [{ message: 'order # took a while', count: PER_SECOND }],
    })
    expect(Math.abs((full?.figures.p50 ?? 0) - 50)).toBeLessThanOrEqual(0.5)
    expect(Math.abs((full?.figures.p95 ?? 0) - 95)).toBeLessThanOrEqual(0.95)
    const sliding = await ask<WindowView[]>(second, 'windows/sliding?count=3')
    expect(sliding.map(({ figures }) => figures.lines)).toEqual([300, 300, 300])

    // A second and a half behind: its window was closed, and is corrected. An hour behind: counted aside.
    const late = { ...lines[0], time: AT + (SECONDS - 2) * 1_000 }
    await post(collector, 'late', [late])
    await post(collector, 'too-late', [{ ...late, time: AT - 3_600_000 }])
    await counted(second, { lines: lines.length + 1, late: 1 })
    const versions = await eventually('a corrected version', async () => {
      const all = await ask<{ version: number; lines: number }[]>(second, `windows/${late.time}`)
      return all.at(-1)?.lines === PER_SECOND + 1 ? all : undefined
    })
    expect(versions.length).toBeGreaterThan(1)
  }, 120_000)

  test('a live view hears what comes from now on, at every instance', async () => {
    await using pipeline = await Pipeline.start()
    const collector = await pipeline.run(COLLECTOR)
    await using analytics = await pipeline.analytics()
    const ending = new AbortController()
    const stream = await fetch(`${analytics.url}/live`, { signal: ending.signal })
    let sent = 0
    let heard = ''
    for await (const chunk of stream.body ?? []) {
      heard += Buffer.from(chunk).toString('utf8')
      if (heard.includes('"lines":2') && heard.includes('order 1 took a while')) break
      await post(collector, `live-${sent++}`, [lines[0], { ...lines[1], message: 'order 1 took a while' }])
    }
    ending.abort()
    expect(heard).toContain('event: beat')
  }, 60_000)
})
