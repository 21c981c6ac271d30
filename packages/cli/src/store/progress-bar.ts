import type { Surroundings } from '../surroundings.js'

const BAR_WIDTH = 30
const DRAWN_EACH_MS = 100
const WRITTEN_EACH_MS = 10_000

export interface Progress {
  update(done: number, total: number): void
  /** Takes the bar away. */
  end(): void
}

/**
 * How far a long piece of work is, on standard error: a bar that is drawn over on a terminal, else one
 * plain line each
 * ten seconds, so that work that ends sooner says nothing.
 */
export function progressOf({ env, err, errIsTerminal }: Surroundings, what: string): Progress {
  const { clock } = env
  const startedAt = clock.monotonic()
  const each = errIsTerminal === true ? DRAWN_EACH_MS : WRITTEN_EACH_MS
  let last = startedAt
  let drawn = 0
  return {
    update(done, total) {
      const now = clock.monotonic()
      if (now - last < each) return
      last = now
      const line = `${what} ${progressText(done, total, (now - startedAt) / 1_000)}`
      if (errIsTerminal !== true) return err(`${line}\n`)
      err(`\r${line.padEnd(drawn)}`)
      drawn = line.length
    },
    end() {
      if (drawn > 0) err(`\r${' '.repeat(drawn)}\r`)
      drawn = 0
    },
  }
}

/** `[#####-----]  50 %  1.0 of 2.0 GiB, 10 s left`. */
export function progressText(done: number, total: number, seconds: number): string {
  const part = total <= 0 ? 1 : Math.min(1, done / total)
  const filled = Math.round(part * BAR_WIDTH)
  const bar = '#'.repeat(filled) + '-'.repeat(BAR_WIDTH - filled)
  const left = part > 0 ? Math.ceil((seconds / part) * (1 - part)) : undefined
  const rest = left === undefined ? '' : `, ${left} s left`
  const percent = String(Math.floor(part * 100)).padStart(3)
  return `[${bar}] ${percent} %  ${sizeText(done)} of ${sizeText(total)}${rest}`
}

/** Bytes for people. */
export function sizeText(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB']
  let value = bytes
  let unit = 0
  for (; value >= 1_024 && unit < units.length - 1; unit++) value /= 1_024
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`
}
