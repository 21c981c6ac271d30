export const QUEUES = 4
export const TOPIC = 'LoadTest'

export const FLUSH_MODES = ['ASYNC_FLUSH', 'SYNC_FLUSH'] as const
export type FlushMode = (typeof FLUSH_MODES)[number]

/** A named shape of load: connections, requests in flight in all, bytes of a body. */
export interface Cell {
  readonly name: string
  readonly connections: number
  readonly inFlight: number
  readonly bodySize: number
  readonly modes: readonly FlushMode[]
}

const cell = (
  connections: number,
  inFlight: number,
  bodySize: number,
  modes: readonly FlushMode[] = FLUSH_MODES,
): Cell => ({ name: `c${connections} n${inFlight} b${bodySize}`, connections, inFlight, bodySize, modes })

/** The cells that have targets; with both modes of flushing they are twelve. */
export const CELLS: readonly Cell[] = [
  cell(1, 1, 1024),
  cell(4, 64, 100),
  cell(4, 64, 1024),
  cell(4, 64, 4096),
  cell(64, 64, 1024),
  cell(16, 256, 1024),
]

/** What lies beside them: how the rate goes on with connections, requests in flight and bodies. */
export const WIDE_CELLS: readonly Cell[] = [
  cell(1_000, 1_000, 1024, ['ASYNC_FLUSH']),
  cell(4, 64, 65_536),
  cell(1, 64, 1024, ['ASYNC_FLUSH']),
  cell(1, 256, 1024, ['ASYNC_FLUSH']),
]

/** Of these cells those whose name has `only` in it. */
export const cellsNamed = (cells: readonly Cell[], only = ''): readonly Cell[] =>
  cells.filter(({ name }) => name.includes(only))

/** Modes of flushing whose name begins with `flush`. */
export const modesNamed = (flush = ''): readonly FlushMode[] =>
  FLUSH_MODES.filter((mode) => mode.startsWith(flush))
