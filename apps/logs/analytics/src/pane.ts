import { LEVELS, type Level, type LogLine } from '@rockhopper/log-transport'
import { type DurationSketch, EMPTY_SKETCH, mergeSketches, quantileOf, sketchOf } from './duration-sketch.js'
import { mergeTops, NO_MESSAGES, type TopMessages, topOf } from './top-messages.js'

export type LevelCounts = Readonly<Partial<Record<Level, number>>>

/** What is counted of one service. */
export interface ServicePart {
  readonly levels: LevelCounts
  readonly durations: DurationSketch
}

/** What is known of the lines of one span of time; two of them added are the pane of all their lines. */
export interface Pane {
  readonly lines: number
  readonly services: Readonly<Record<string, ServicePart>>
  readonly top: TopMessages
}

export const EMPTY_PANE: Pane = { lines: 0, services: {}, top: NO_MESSAGES }
const EMPTY_PART: ServicePart = { levels: {}, durations: EMPTY_SKETCH }
/** Names of services are what senders say: those beyond so many are counted together. */
const SERVICES_MAX = 200
const OTHERS = '(others)'
const TOP_SHOWN = 10

export function paneOf(lines: readonly LogLine[]): Pane {
  const services: Record<string, ServicePart> = {}
  for (const [service, own] of grouped(lines, ({ service }) => service)) {
    const levels = Object.fromEntries(
      [...grouped(own, ({ level }) => level)].map(([l, { length }]) => [l, length]),
    )
    const durations = sketchOf(own.flatMap(({ durationMs }) => durationMs ?? []))
    services[service] = { levels, durations }
  }
  const pane = { lines: lines.length, services, top: topOf(lines.map(({ message }) => message)) }
  return mergePanes(EMPTY_PANE, pane)
}

export function mergePanes(a: Pane, b: Pane): Pane {
  const services: Record<string, ServicePart> = { ...a.services }
  for (const [name, part] of Object.entries(b.services)) {
    const known = Object.hasOwn(services, name) || Object.keys(services).length < SERVICES_MAX
    const service = known ? name : OTHERS
    const before = Object.hasOwn(services, service) ? (services[service] as ServicePart) : EMPTY_PART
    services[service] = {
      levels: addLevels(before.levels, part.levels),
      durations: mergeSketches(before.durations, part.durations),
    }
  }
  return { lines: a.lines + b.lines, services, top: mergeTops(a.top, b.top) }
}

/** A pane in figures, for people. */
export interface Figures {
  readonly lines: number
  readonly perSecond: number
  readonly levels: LevelCounts
  /** Share of lines of level error and fatal, 0 to 1. */
  readonly errorRatio: number
  /** In ms; quantiles are wrong by at most 1 % of themselves. Absent without durations. */
  readonly p50?: number
  readonly p95?: number
}

export interface PaneFigures extends Figures {
  readonly services: Readonly<Record<string, Figures>>
  /** Numbers in messages stand as `#`. A count is too small by at most `topMissed`. */
  readonly top: readonly { readonly message: string; readonly count: number }[]
  readonly topMissed: number
}

export function figuresOf(pane: Pane, lengthMs: number): PaneFigures {
  const parts = Object.values(pane.services)
  const all: ServicePart = {
    levels: parts.map(({ levels }) => levels).reduce(addLevels, {}),
    durations: parts.map(({ durations }) => durations).reduce(mergeSketches, EMPTY_SKETCH),
  }
  const top = Object.entries(pane.top.counts).sort(([, a], [, b]) => b - a)
  return {
    ...partFigures(all, lengthMs),
    services: Object.fromEntries(
      Object.entries(pane.services).map(([name, part]) => [name, partFigures(part, lengthMs)]),
    ),
    top: top.slice(0, TOP_SHOWN).map(([message, count]) => ({ message, count })),
    topMissed: pane.top.missed,
  }
}

function partFigures({ levels, durations }: ServicePart, lengthMs: number): Figures {
  const lines = Object.values(levels).reduce((sum, count) => sum + count, 0)
  const errors = (levels.error ?? 0) + (levels.fatal ?? 0)
  const [p50, p95] = [quantileOf(durations, 0.5), quantileOf(durations, 0.95)]
  return {
    lines,
    perSecond: (lines * 1_000) / lengthMs,
    levels,
    errorRatio: lines === 0 ? 0 : errors / lines,
    ...(p50 === undefined ? {} : { p50 }),
    ...(p95 === undefined ? {} : { p95 }),
  }
}

function addLevels(a: LevelCounts, b: LevelCounts): LevelCounts {
  return Object.fromEntries(
    LEVELS.flatMap((level) => {
      const count = (a[level] ?? 0) + (b[level] ?? 0)
      return count === 0 ? [] : [[level, count]]
    }),
  )
}

export function grouped<T, K>(all: readonly T[], keyOf: (one: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>()
  for (const one of all) {
    const group = groups.get(keyOf(one))
    if (group === undefined) groups.set(keyOf(one), [one])
    else group.push(one)
  }
  return groups
}
