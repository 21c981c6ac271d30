import { createHash } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { WindowView } from '@rockhopper/logs-analytics'
import { type Folder, filesIn, hourFolders, pathOf, textsOf } from '@rockhopper/logs-storage'
import { eventually } from '../eventually.fixture.js'
import type { Written } from './log-load.fixture.js'
import type { LogRun } from './log-run.fixture.js'

const SETTLE_MS = process.env['ROCKHOPPER_LONG'] === '1' ? 900_000 : 120_000
const PAGE = 5_000
const WINDOWS_MAX = 360

/** What is wrong with lines that were kept: empty when each is there once. */
export function keptVerdict(where: string, kept: readonly string[], written: readonly Written[]): string[] {
  const wanted = written.map(({ message }) => message)
  if (kept.length === wanted.length && checksum(kept) === checksum(wanted)) return []
  const counts = new Map<string, number>()
  for (const message of kept) counts.set(message, (counts.get(message) ?? 0) + 1)
  const lost = wanted.filter((message) => !counts.has(message)).length
  const double = [...counts.values()].filter((count) => count > 1).length
  return [`${where}: ${kept.length} of ${wanted.length} lines, ${lost} lost, ${double} more than once`]
}

const checksum = (messages: readonly string[]): string =>
  createHash('sha256')
    .update([...messages].sort().join('\n'))
    .digest('hex')

/** Messages in the archive, when it has so many, each once, or when the time is over. */
export async function archived(folder: Folder, count: number, withinMs = SETTLE_MS): Promise<string[]> {
  return settled(count, withinMs, async () => {
    const messages: string[] = []
    for (const hour of await hourFolders(folder)) {
      for (const file of await filesIn(folder, hour)) {
        const texts = textsOf(await folder.read(pathOf(file)))
        for (const text of texts) messages.push((JSON.parse(text) as { message: string }).message)
      }
    }
    return messages
  })
}

interface Hits {
  readonly _scroll_id: string
  readonly hits: {
    readonly hits: readonly { readonly _index: string; readonly _source: { at: number; message: string } }[]
  }
}

/** Messages in the indices of this prefix; those in another one than that of their day are marked. */
export async function indexed(
  url: string,
  prefix: string,
  count: number,
  withinMs = SETTLE_MS,
): Promise<string[]> {
  return settled(count, withinMs, async () => {
    await fetch(`${url}/${prefix}-*/_refresh`, { method: 'POST' })
    const messages: string[] = []
    const ask = async (path: string, body?: unknown): Promise<Hits> => {
      const json = { method: 'POST', headers: { 'content-type': 'application/json' } }
      const answer = await fetch(`${url}/${path}`, { ...json, body: JSON.stringify(body) })
      if (!answer.ok) throw new Error(`${path}: ${answer.status}`)
      return (await answer.json()) as Hits
    }
    const wanted = { size: PAGE, sort: ['_doc'], _source: ['at', 'message'] }
    let page = await ask(`${prefix}-*/_search?scroll=1m`, wanted)
    while (page.hits.hits.length > 0) {
      for (const { _index, _source } of page.hits.hits) {
        const day = new Date(_source.at).toISOString().slice(0, 10).replaceAll('-', '.')
        messages.push(_index.endsWith(day) ? _source.message : `${_source.message} in ${_index}`)
      }
      page = await ask('_search/scroll', { scroll: '1m', scroll_id: page._scroll_id })
    }
    // Elasticsearch keeps what a scroll has seen until it is told; of a million lines that is much.
    await fetch(`${url}/_search/scroll/${page._scroll_id}`, { method: 'DELETE' })
    return messages
  })
}

/** Answers when there are so many, each once; in the end with what there is. A failure is asked again. */
async function settled(count: number, withinMs: number, ask: () => Promise<string[]>): Promise<string[]> {
  let last: string[] = []
  const deadline = performance.now() + withinMs
  return eventually(`${count} lines`, withinMs + 10_000, async () => {
    const asked = performance.now()
    const found = await ask().catch((error: unknown) => {
      process.stderr.write(`not now: ${String(error)}\n`)
      return undefined
    })
    // Reading a million lines is work: it leaves those who write them as much time.
    await delay(performance.now() - asked)
    last = found ?? last
    const isAll = last.length === count && new Set(last).size === count
    return isAll || performance.now() > deadline ? last : undefined
  })
}

interface State {
  readonly lines: number
  readonly late: number
  readonly repeated: number
}

/** Windows and what was too late are all that was written; no window has more than was written for it. */
export async function windowVerdict(run: LogRun, written: readonly Written[]): Promise<string[]> {
  const ask = async <T>(path: string) =>
    (await (await fetch(`${run.url('analytics-1')}/${path}`)).json()) as T
  const state = await eventually('all is counted', SETTLE_MS, async () => {
    const now = await ask<State>('analytics').catch(() => undefined)
    return now !== undefined && now.lines + now.late >= written.length ? now : undefined
  })
  const windows = await eventually('all windows are closed', SETTLE_MS, async () => {
    const all = await ask<WindowView[]>(`windows?count=${WINDOWS_MAX}`).catch(() => undefined)
    return all?.every(({ version, figures }) => version > 0 || figures.lines === 0) ? all : undefined
  })
  const counted = windows.reduce((sum, { figures }) => sum + figures.lines, 0)
  const wrong: string[] = []
  if (counted + state.late !== written.length)
    wrong.push(`windows ${counted} + late ${state.late} are not ${written.length}`)
  for (const { start, end, figures } of windows) {
    const wanted = written.filter(({ time }) => time >= start && time < end).length
    if (figures.lines > wanted) wrong.push(`window ${start}: ${figures.lines} instead of at most ${wanted}`)
  }
  if (state.late === written.length) wrong.push('all were too late')
  return wrong
}
