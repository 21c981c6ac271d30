// One consumer in a process of its own: `node consumer-process.js TASK`, a JSON ConsumeTask. It tells its
// parent `ready` when it listens, and what it measured.
import { type ConsumeTask, SIDES } from './consumer-sides.js'
import { HandlerMeter } from './handler-meter.js'

const task = JSON.parse(process.argv[2] ?? '') as ConsumeTask
const meter = new HandlerMeter(task)
const stop = await SIDES[task.side](task, meter.handle)
process.send?.('ready')
const rate = await meter.measured
process.send?.(rate)
await stop()
process.disconnect?.()
