import { powerLosses } from './power-run.js'
import type { Mode } from './simulated-store.js'

/** The power matrix: `node power-main.js MODE FIRST-SEED SEEDS`; prints what it found as JSON. */
const [mode, first, seeds] = process.argv.slice(2)
process.stdout.write(`${JSON.stringify(await powerLosses(mode as Mode, Number(first), Number(seeds)))}\n`)
