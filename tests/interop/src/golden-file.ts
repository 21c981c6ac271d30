import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { INTEROP_DIR } from './build-cache.js'

/** Frames of one command as one of Apache's programs wrote them, in the order they crossed the wire. */
export interface GoldenFile {
  readonly name: string
  /** Which programs talked. */
  readonly parties: string
  /** The command that recorded it. */
  readonly command: string
  readonly frames: readonly GoldenFrame[]
}

export interface GoldenFrame {
  readonly direction: string
  readonly serializeType: 'JSON' | 'ROCKETMQ'
  readonly code: number
  readonly kind: 'request' | 'response'
  readonly hex: string
}

const GOLDEN_DIR = join(INTEROP_DIR, 'golden')
const HEX_PER_LINE = 92

/** Hex is kept in lines of a readable width; joining them gives the frame. */
type StoredFrame = Omit<GoldenFrame, 'hex'> & { readonly hex: readonly string[] }

export function goldenFiles(): GoldenFile[] {
  const names = readdirSync(GOLDEN_DIR).filter((name) => name.endsWith('.json'))
  return names.sort().map((name) => {
    const stored = JSON.parse(readFileSync(join(GOLDEN_DIR, name), 'utf8'))
    const frames = (stored.frames as StoredFrame[]).map((frame) => ({ ...frame, hex: frame.hex.join('') }))
    return { ...stored, frames } as GoldenFile
  })
}

export function writeGoldenFile(file: GoldenFile): void {
  const frames = file.frames.map((frame) => ({
    ...frame,
    hex: frame.hex.match(new RegExp(`.{1,${HEX_PER_LINE}}`, 'g')),
  }))
  const text = JSON.stringify({ ...file, frames }, null, 2).replaceAll(/\[\s+("[^"]*")\s+\]/g, '[$1]')
  writeFileSync(join(GOLDEN_DIR, `${file.name}.json`), `${text}\n`)
}
