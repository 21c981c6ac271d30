import { dueAtOnce } from './due-at-once-run.js'

/** Timed messages that are due in one tick, as a program: `node due-at-once-main.js COUNT`; prints JSON. */
process.stdout.write(`${JSON.stringify(await dueAtOnce(Number(process.argv[2])))}\n`)
