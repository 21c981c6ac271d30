import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@jest/globals'
import { createBroker } from '@rockhopper/broker'
import { createNodeEnv } from '@rockhopper/env'
import { seeded } from '@rockhopper/sim'
import { type Heard, hear, nothingTold, type Told } from './broker-workload.js'
import { realConfigOf } from './real-config.js'
import { wrongAfterRestart } from './restart-check.js'
import { MODES, type Mode } from './simulated-store.js'
import { Totals } from './totals.js'

const LONG = process.env['ROCKHOPPER_LONG'] === '1'
const SEED = Number(process.env['ROCKHOPPER_SEED'] ?? 20_264)
const OPERATIONS = 300
/** Of a long run, which goes through them one by one: where to go on. */
const FIRST = Number(process.env['ROCKHOPPER_FIRST'] ?? 1)
const SAMPLES = LONG ? 2 * (OPERATIONS + 1 - FIRST) : 40
const PROGRAM = fileURLToPath(new URL('../dist/killed-broker.js', import.meta.url))
const silent = (): void => undefined
const QUIET = createNodeEnv({ log: { info: silent, warn: silent, error: silent } })

interface Life {
  readonly told: Told
  readonly killed: boolean
}

/** A process that kills itself; what it said is known whatever became of it. */
function lifeIn(directory: string, mode: Mode, n: number): Promise<Life> {
  return new Promise((resolve, reject) => {
    const args = [PROGRAM, directory, mode, String(SEED), String(n)]
    execFile(process.execPath, args, { maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      const killed = error?.signal === 'SIGKILL'
      if (error !== null && !killed) return reject(new Error(`${error.message}\n${stderr}`))
      const told = nothingTold()
      // A line may be cut by the kill: what it was about was not said.
      for (const line of stdout.split('\n').slice(0, -1)) hear(told, JSON.parse(line) as Heard)
      resolve({ told, killed })
    })
  })
}

async function killedAt(mode: Mode, n: number): Promise<{ wrong: string[]; life: Life }> {
  const directory = mkdtempSync(join(tmpdir(), 'rockhopper-killed-'))
  try {
    const life = await lifeIn(directory, mode, n)
    const broker = createBroker({ env: QUIET, config: realConfigOf(mode, directory) })
    await broker.start()
    const wrong = await wrongAfterRestart({ broker, told: life.told, client: QUIET })
    await broker.stop()
    return { wrong, life }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

test(
  'SIGKILL at sampled file operations of a real process loses nothing acknowledged',
  async () => {
    const random = seeded(SEED)
    let killed = 0
    let acknowledged = 0
    const totals = new Totals('real kills')
    const text = (runs: number) =>
      `${runs} processes from operation ${LONG ? FIRST : 1}, ${killed} killed, ${acknowledged} acknowledged`
    const one = async (i: number): Promise<void> => {
      const mode = MODES[i % 2] as Mode
      const n = LONG ? FIRST + (i >> 1) : 1 + Math.floor(((i + random()) * OPERATIONS) / SAMPLES)
      const { wrong, life } = await killedAt(mode, n)
      if (wrong.length > 0) throw new Error(`${mode}, SIGKILL at operation ${n}: ${wrong.join('; ')}`)
      if (life.killed) killed++
      acknowledged += life.told.ledger.acknowledged.size
    }
    for (let i = 0; i < SAMPLES; i += 2) {
      await Promise.all([one(i), one(i + 1)])
      totals.step(() => text(i + 2))
    }
    totals.end(text(SAMPLES))
    // How many operations a second holds differs by machine: the last samples may come too late.
    expect(killed).toBeGreaterThan(SAMPLES / 2)
    expect(acknowledged).toBeGreaterThan(SAMPLES * 5)
  },
  LONG ? 3_600_000 : 180_000,
)
