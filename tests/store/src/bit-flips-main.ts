import { flipped } from './bit-flips-run.js'

/** The bit flips as a program: `node bit-flips-main.js SEED FLIPS`; prints what they did as JSON. */
process.stdout.write(`${JSON.stringify(await flipped(Number(process.argv[2]), Number(process.argv[3])))}\n`)
