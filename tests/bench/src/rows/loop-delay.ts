// Loaded into a broker's process with `--import`: how late its event loop was, written when it ends.
import { writeFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'

/** Starting is not measured. */
const IGNORED_MS = 2_000
const delay = monitorEventLoopDelay({ resolution: 1 })
delay.enable()
setTimeout(() => delay.reset(), IGNORED_MS).unref()

process.on('exit', () => {
  const us = (nanoseconds: number): number => nanoseconds / 1_000
  const [p50Us, p999Us] = [delay.percentile(50), delay.percentile(99.9)].map(us)
  const text = JSON.stringify({ p50Us, p999Us, maxUs: us(delay.max) })
  writeFileSync(process.env['ROCKHOPPER_BENCH_LOOP_DELAY'] ?? '', text)
})
