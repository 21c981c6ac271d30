import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { apache, rockhopper } from '../contenders.js'
import type { Recorder, Row } from '../recorder.js'
import { shown } from '../rows/row.js'
import { ratioChart } from './ratio-chart.js'
import { reached, TARGETS } from './targets.js'

const PARTS: Readonly<Record<string, string>> = {
  send: 'Sends',
  clients: "Clients: Apache's and ours, on both brokers",
  broker: 'A running broker',
  startup: 'Start',
  peers: 'Other systems, where both promise the same durability',
}

/** Writes the charts into `docs/images` and returns the tables of docs/benchmarks.md. */
export function report(recorder: Recorder, images: string): string {
  const bars = TARGETS.filter(({ higher, ofApache }) => higher && ofApache).flatMap((target) => {
    const result = reached(target, recorder)
    return result === undefined ? [] : [{ label: target.measure, value: result.value, must: target.must }]
  })
  const title = `Rate, ${rockhopper.name} / ${apache.name}; the dashed line is what it must be`
  writeFileSync(join(images, 'benchmarks-ratio.svg'), ratioChart(title, bars))
  const parts = Object.entries(PARTS).filter(([part]) => recorder.rows.some((row) => row.part === part))
  const chart = '![Ratios](images/benchmarks-ratio.svg)\n'
  return [
    targets(recorder),
    chart,
    ...parts.map(([part, heading]) => `## ${heading}\n\n${table(part, recorder)}`),
  ].join('\n')
}

function targets(recorder: Recorder): string {
  const lines = TARGETS.map((target) => {
    const result = reached(target, recorder)
    const sign = target.higher ? '≥' : '≤'
    const value = result === undefined ? 'not measured' : shown(result.value)
    const stretch = target.stretch === undefined ? '' : `${sign} ${target.stretch}`
    return `| ${target.measure} | ${sign} ${target.must} | ${stretch} | ${value} | ${result?.grade ?? ''} |`
  })
  const head = [
    '| measure; unless it says otherwise the ratio to Apache, same run | must | stretch | reached | |',
    '|---|---|---|---|---|',
  ]
  return `${[...head, ...lines].join('\n')}\n`
}

/** One line for each cell and contender: medians, and for rates the smallest and the largest. */
function table(part: string, recorder: Recorder): string {
  const rows = recorder.rows.filter((row) => row.part === part)
  const lines = unique(rows, ({ cell, contender }) => `${cell}\n${contender}`).map(({ cell, contender }) => {
    const mine = rows.filter((row) => row.cell === cell && row.contender === contender)
    const names = [...new Set(mine.flatMap(({ values }) => Object.keys(values)))]
    const text = names.flatMap((name) => {
      const values = recorder.spread(part, cell, contender, name)
      if (values === undefined || (name === 'errors' && values.max === 0)) return []
      const range =
        name === 'rate' && mine.length > 1 ? ` (${shown(values.min)} to ${shown(values.max)})` : ''
      return [`${name} ${shown(values.median)}${range}`]
    })
    return `| ${cell} | ${contender} | ${mine.length} | ${text.join(', ')} |`
  })
  return `${['| cell | who | rounds | medians |', '|---|---|---|---|', ...lines].join('\n')}\n`
}

function unique(rows: readonly Row[], key: (row: Row) => string): Row[] {
  return [...new Map(rows.map((row) => [key(row), row])).values()]
}
