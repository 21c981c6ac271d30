import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { INTEROP_DIR } from '../build-cache.js'
import { type Cell, FEATURES, type FeatureId, type Servers, type Side } from './features.js'

/** What one run of a scenario showed. */
export interface Outcome {
  readonly features: readonly FeatureId[]
  readonly sides: readonly Side[]
  readonly servers: Servers
  readonly name: string
  readonly passed: boolean
}

/** vectors/compatibility.json: what the page is made of. */
export interface Compatibility {
  readonly command: string
  /** Of the scenario file of each feature, when its cells were run. */
  readonly sources: Readonly<Record<string, string>>
  /** Names of scenarios by feature and cell; a failed one begins with `FAILED `. */
  readonly cells: Readonly<Record<string, Readonly<Partial<Record<Cell, readonly string[]>>>>>
}

export const COMPATIBILITY_FILE = join(INTEROP_DIR, 'vectors/compatibility.json')
const FAILED = 'FAILED '

/** What ran now takes the place of what ran under the same name before. */
export function writeOutcomes(servers: Servers, outcomes: readonly Outcome[]): void {
  const file = outcomesFile(servers)
  const before = existsSync(file) ? readOutcomes(servers) : []
  const names = new Set(outcomes.map(({ name }) => name))
  mkdirSync(dirname(file), { recursive: true })
  const kept = before.filter(({ name }) => !names.has(name))
  writeFileSync(file, JSON.stringify([...kept, ...outcomes], null, 1))
}

export function readOutcomes(servers: Servers): readonly Outcome[] {
  const file = outcomesFile(servers)
  if (!existsSync(file)) throw new Error(`no outcomes of the scenarios against ${servers}: ${file}`)
  return JSON.parse(readFileSync(file, 'utf8')) as Outcome[]
}

export const outcomesFile = (servers: Servers): string =>
  join(INTEROP_DIR, '.results', `scenarios-${servers}.json`)

export function compatibilityOf(command: string, outcomes: readonly Outcome[]): Compatibility {
  const cells: Record<string, Partial<Record<Cell, string[]>>> = {}
  const ordered = [...outcomes].sort((a, b) => (a.name < b.name ? -1 : 1))
  for (const { features, sides, servers, name, passed } of ordered) {
    for (const feature of features) {
      for (const side of sides) {
        const row = (cells[feature] ??= {})
        const cell = (row[`${side}/${servers}`] ??= [])
        cell.push(passed ? name : `${FAILED}${name}`)
      }
    }
  }
  return { command, sources: scenarioSources(), cells }
}

/** By feature, to see that a scenario changed since its cells were run. */
export function scenarioSources(): Record<string, string> {
  const digest = (file: string) =>
    createHash('sha256')
      .update(readFileSync(join(INTEROP_DIR, 'src/scenarios', `${file}.ts`)))
      .digest('hex')
      .slice(0, 16)
  return Object.fromEntries(Object.entries(FEATURES).map(([id, { file }]) => [id, digest(file)]))
}

export const isFailed = (scenario: string): boolean => scenario.startsWith(FAILED)
