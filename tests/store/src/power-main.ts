import { powerLostIn } from './power-run.js'
import { MODES } from './simulated-store.js'

/**
 * The power matrix as a program, for a build with a bug planted in it: `node power-main.js SEEDS`. Says what
 * is wrong in the first life that went wrong, on one line, or nothing.
 */
const seeds = Number(process.argv[2])
let said = ''
for (let seed = 1; seed <= seeds && said === ''; seed++) {
  for (const mode of MODES) {
    const found = await powerLostIn(mode, seed).catch((error: unknown) => ({ wrong: [`threw: ${error}`] }))
    if (found.wrong.length > 0) said ||= `${mode} seed ${seed}: ${found.wrong.join('; ')}`
  }
}
process.stdout.write(`${said}\n`)
