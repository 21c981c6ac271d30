import { readFileSync } from 'node:fs'

/** What handlers noted, by instance, from the file that all of them append to. */
export interface Notes {
  /** Message numbers in order of their first note, one for each call. */
  readonly begun: readonly number[]
  readonly ended: readonly number[]
}

export function notesOf(journal: string, instance?: string): Notes {
  const lines = readFileSync(journal, 'utf8').split('\n')
  const of = (wanted: string): number[] =>
    lines
      .map((line) => line.split(' '))
      .filter(([what, name]) => what === wanted && (instance === undefined || name === instance))
      .map(([, , n]) => Number(n))
  return { begun: of('begin'), ended: of('end') }
}

export const sorted = (numbers: readonly number[]): number[] => [...numbers].sort((a, b) => a - b)
