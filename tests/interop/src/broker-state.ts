import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ask } from './wire.js'

/** The files in config/, the code that asks a broker for the same, and the table in both. */
const FILES = {
  topics: { file: 'topics.json', code: 21, table: 'topicConfigTable' },
  groups: { file: 'subscriptionGroup.json', code: 201, table: 'subscriptionGroupTable' },
  consumerOffsets: { file: 'consumerOffset.json', code: 43, table: 'offsetTable' },
  delayOffsets: { file: 'delayOffset.json', code: 45, table: 'offsetTable' },
} as const

type Name = keyof typeof FILES
type Table = Readonly<Record<string, unknown>>
export type BrokerState = Readonly<Record<Name, Table>>

const NAMES = Object.keys(FILES) as Name[]
/** Transactions and POP move these by themselves from a broker's start on. */
const MOVES_BY_ITSELF = /@CID_RMQ_SYS_/

/** Topics, groups and offsets as a broker tells them. */
export async function askedState(address: string): Promise<BrokerState> {
  const answers = await Promise.all(
    NAMES.map(async (name) => {
      const { header, body } = await ask(address, FILES[name].code)
      if (header.code !== 0) throw new Error(`${name}: code ${header.code} ${header.remark ?? ''}`)
      return [name, tableOf(name, body.toString('utf8'))] as const
    }),
  )
  return Object.fromEntries(answers) as BrokerState
}

/** The same as a broker left them in its store; `.bak` is the version before the last. */
export function writtenState(storeDir: string, suffix: '' | '.bak'): BrokerState {
  const tables = NAMES.map((name) => {
    const path = join(storeDir, 'config', FILES[name].file + suffix)
    return [name, tableOf(name, readFileSync(path, 'utf8'))] as const
  })
  return Object.fromEntries(tables) as BrokerState
}

/** What a power loss on a bad day leaves of the newest version of each file. */
export function damageNewest(storeDir: string): void {
  for (const name of NAMES) {
    const path = join(storeDir, 'config', FILES[name].file)
    const bytes = readFileSync(path)
    writeFileSync(path, name === 'topics' ? Buffer.alloc(bytes.length) : bytes.subarray(0, bytes.length / 2))
  }
}

/** What a broker that was started on `written` says otherwise, in words. It may know more. */
export function forgotten(written: BrokerState, asked: BrokerState): string[] {
  const wrong: string[] = []
  for (const name of NAMES) {
    for (const [key, value] of Object.entries(written[name])) {
      if (MOVES_BY_ITSELF.test(key)) continue
      const now = asked[name][key]
      // Delays go on from where they were; a level that is not named is at its beginning, in both brokers.
      const holds = name === 'delayOffsets' ? Number(now ?? 0) >= Number(value) : text(now) === text(value)
      if (!holds) wrong.push(`${name} ${key}: ${text(now)}, written was ${text(value)}`)
    }
  }
  return wrong
}

/** Fastjson writes numbers as keys without quotes. */
function tableOf(name: Name, json: string): Table {
  const quoted = json.replaceAll(/([{,]\s*)(-?\d+)\s*:/g, '$1"$2":')
  return (JSON.parse(quoted) as Record<string, Table>)[FILES[name].table] ?? {}
}

/** Equal for equal values, whatever the order of their fields. */
function text(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'nothing'
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${fields.map(([name, one]) => `${name}:${text(one)}`).join()}}`
}
