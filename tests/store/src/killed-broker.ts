import { writeSync } from 'node:fs'
import { createBroker } from '@rockhopper/broker'
import { type Clock, createNodeEnv } from '@rockhopper/env'
import { FaultDisk, seeded } from '@rockhopper/sim'
import { type Heard, nothingTold, runWorkload } from './broker-workload.js'
import { realConfigOf } from './real-config.js'
import type { Mode } from './simulated-store.js'

/** Half a minute of a broker's life passes in a second: its timers are what takes time, not its work. */
const SPEED = 30

/**
 * A broker on the real disk that kills itself with SIGKILL at its n-th file operation, and its client:
 * `node killed-broker.js DIRECTORY MODE SEED N`. Each thing that the client knows is a line of JSON on
 * standard output before anything else happens.
 */
const [directory = '', mode = '', seed = '', n = ''] = process.argv.slice(2)
const silent = (): void => undefined
const real = createNodeEnv({ log: { info: silent, warn: silent, error: silent } })
const clock = fast(real.clock)
const disk = new FaultDisk(real.disk, { clock, onKill: () => process.kill(process.pid, 'SIGKILL') })
disk.fault = (operation) => (operation.n === Number(n) ? 'kill' : undefined)
const env = { ...real, clock, disk }
const broker = createBroker({ env, config: realConfigOf(mode as Mode, directory) })

/** A write into a pipe has happened when the call returns: no kill can take it back. */
const say = (heard: Heard): void => void writeSync(1, `${JSON.stringify(heard)}\n`)

await broker.start()
await runWorkload({
  env: { ...real, clock },
  address: broker.address,
  told: nothingTold(),
  random: seeded(Number(seed)),
  onOffered: (content, countMax) => say({ kind: 'offered', content, once: countMax === 1 }),
  onAcknowledged: (content, place) => say({ kind: 'acknowledged', content, place }),
  onCreated: (topic) => say({ kind: 'created', topic }),
  onCommitting: (key, offset) => say({ kind: 'committing', key, offset }),
})
await broker.stop()

function fast(inner: Clock): Clock {
  const started = inner.now()
  return {
    now: () => started + Math.floor((inner.now() - started) * SPEED),
    monotonic: () => inner.monotonic() * SPEED,
    after: (delayMs, run) => inner.after(delayMs / SPEED, run),
    endOfTurn: (run) => inner.endOfTurn(run),
  }
}
