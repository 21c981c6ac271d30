import type { CpuProfile } from './cpu-profile.js'
import { frameName, samplesOf } from './cpu-profile.js'

const WIDTH = 1_200
const ROW = 17
const FONT = 'font-family="monospace" font-size="11"'
const TEXT_MIN = 45
const CHARACTER = 6.6
/** Narrower frames are left out. */
const VISIBLE = 0.5

interface Frame {
  readonly name: string
  us: number
  readonly callees: Map<string, Frame>
}

const frame = (name: string): Frame => ({ name, us: 0, callees: new Map() })

/** An SVG of all stacks of a profile, the callers on top; the width is the share of busy time. */
export function flameGraph(title: string, profile: CpuProfile, ignoredMs: number): string {
  const root = frame(title)
  for (const { stack, us } of samplesOf(profile, ignoredMs)) {
    let at = root
    at.us += us
    for (const name of stack.map(frameName)) {
      const callee = at.callees.get(name) ?? frame(name)
      at.callees.set(name, callee)
      callee.us += us
      at = callee
    }
  }
  const shapes: string[] = []
  const depth = draw(root, 0, 0, WIDTH / root.us, root.us, shapes)
  const height = (depth + 1) * ROW
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" ${FONT}>`,
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    ...shapes,
    '</svg>',
    '',
  ].join('\n')
}

/** @returns the deepest row that was drawn. */
function draw(at: Frame, x: number, row: number, scale: number, total: number, shapes: string[]): number {
  const width = at.us * scale
  if (width < VISIBLE) return row - 1
  const label = `${escaped(at.name)}, ${((at.us / total) * 100).toFixed(1)} %`
  const y = row * ROW
  const box = `x="${x.toFixed(1)}" y="${y}" width="${width.toFixed(1)}" height="${ROW - 1}"`
  shapes.push(
    `<g><title>${label}</title><rect ${box} fill="${colour(at.name)}"/>${text(at.name, x, y, width)}</g>`,
  )
  let deepest = row
  let left = x
  for (const callee of [...at.callees.values()].sort((a, b) => b.us - a.us)) {
    deepest = Math.max(deepest, draw(callee, left, row + 1, scale, total, shapes))
    left += callee.us * scale
  }
  return deepest
}

function text(name: string, x: number, y: number, width: number): string {
  if (width < TEXT_MIN) return ''
  const shown = name.slice(0, Math.floor((width - 4) / CHARACTER))
  return `<text x="${(x + 3).toFixed(1)}" y="${y + 12}">${escaped(shown)}</text>`
}

/** Ours by package, Node and V8 in grey. */
function colour(name: string): string {
  const owner = /\(([a-z-]+)\//.exec(name)?.[1]
  if (owner === undefined || owner === 'node') return '#d8dee6'
  const colours = ['#f2b38c', '#f4d58d', '#b9d8a8', '#a9cfe0', '#cdb8e3', '#f0b6c4']
  const sum = [...owner].reduce((total, letter) => total + letter.charCodeAt(0), 0)
  return colours[sum % colours.length] ?? '#d8dee6'
}

const escaped = (name: string): string =>
  name.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
