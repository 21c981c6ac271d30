import type { Cell } from './cells.js'
import type { Contender } from './contenders.js'
import type { Recorder } from './recorder.js'
import type { Spread } from './statistics.js'

export const ECHO = 'Node socket echo'

/** Medians over the rounds, smallest and largest rate, and the ratios of the medians. */
export function printSends(
  recorder: Recorder,
  flushDiskType: string,
  cells: readonly Cell[],
  contenders: readonly Contender[],
): void {
  const [first, second] = contenders
  if (first === undefined) return
  const names = contenders.map(({ name }) => `${name} msg/s`).join(' | ')
  const titles = ['ratio', 'p99 us', 'ratio', 'CPU us/msg', 'ratio', 'of an echo', 'generator, cores']
  recorder.print(`| ${flushDiskType}, median (min to max) | ${names} | ${titles.join(' | ')} |`)
  recorder.print(`|---|${contenders.map(() => '---|').join('')}${titles.map(() => '---|').join('')}`)
  for (const { name } of cells) {
    const cell = `${flushDiskType} ${name}`
    const of = (contender: string, value: string) => recorder.spread('send', cell, contender, value)
    const medians = (value: string) => contenders.map((each) => of(each.name, value)?.median ?? 0)
    const [rates, p99, cpu] = ['rate', 'p99Us', 'cpuUs'].map(medians) as [number[], number[], number[]]
    const echo = of(ECHO, 'rate')?.median
    const row = [
      name,
      ...contenders.map((each) => shown(of(each.name, 'rate'))),
      ratio(rates),
      both(p99, 0),
      ratio(p99),
      both(cpu, 2),
      ratio(cpu),
      echo === undefined ? '' : `${(((rates[0] ?? 0) / echo) * 100).toFixed(0)} %`,
      both(medians('generatorCores'), 2),
    ]
    recorder.print(`| ${row.join(' | ')} |`)
  }
  if (second !== undefined) recorder.print(`Ratios are ${first.name} / ${second.name}.`)
  recorder.print('')
}

const ratio = ([ours = 0, theirs]: readonly number[]) =>
  theirs === undefined || theirs === 0 ? '' : (ours / theirs).toFixed(2)

const both = (values: readonly number[], digits: number) =>
  values.map((value) => value.toFixed(digits)).join(' / ')

const shown = (values: Spread | undefined): string =>
  values === undefined
    ? ''
    : `${values.median.toFixed(0)} (${values.min.toFixed(0)} to ${values.max.toFixed(0)})`
