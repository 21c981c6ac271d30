import * as fs from 'node:fs'
import { promisify } from 'node:util'
import { Latencies } from '../load/latencies.js'
import type { StoreTask, SyncWrites } from './store-task.js'

const STEP = 64 * 1024 * 1024
const FILE_SIZE = 1024 * 1024 * 1024
const fdatasync = promisify(fs.fdatasync)
const write = promisify(fs.write)

/**
 * Write and fdatasync by turns on a file of 1 GiB that is a hole, as the log's are: each sync has new
 * extents to make durable. With `zerosAhead` the next 64 MiB were written with zeros and synced before, on
 * the pool, so that a sync has only bytes: at the price of writing everything twice.
 */
export async function syncWrites(task: Extract<StoreTask, { kind: 'sync-writes' }>): Promise<SyncWrites> {
  const { path, zerosAhead, count, size } = task
  const descriptor = fs.openSync(path, 'w+')
  fs.ftruncateSync(descriptor, FILE_SIZE)
  const latencies = new Latencies()
  const bytes = Buffer.alloc(size, 'r')
  const began = performance.now()
  let zeroed = 0
  let zeroing: Promise<void> | undefined
  for (let i = 0; i < count; i++) {
    const position = (i * size) % (FILE_SIZE - size)
    // The step after the one that is written to is made in the background, as the store would.
    if (zerosAhead && zeroing === undefined && position + STEP > zeroed && zeroed < FILE_SIZE) {
      zeroing = zero(descriptor, zeroed).then(() => {
        zeroed += STEP
        zeroing = undefined
      })
    }
    if (zerosAhead && position + size > zeroed) await zeroing
    const start = performance.now()
    fs.writeSync(descriptor, bytes, 0, size, position)
    await fdatasync(descriptor)
    latencies.add((performance.now() - start) * 1_000)
  }
  await zeroing
  const seconds = (performance.now() - began) / 1_000
  fs.closeSync(descriptor)
  fs.rmSync(path)
  return { p50Us: latencies.percentile(0.5), p99Us: latencies.percentile(0.99), seconds }
}

const ZEROS = Buffer.alloc(1024 * 1024)

/** Synced once: what lies there are then written extents. */
async function zero(descriptor: number, from: number): Promise<void> {
  for (let at = from; at < from + STEP; at += ZEROS.length)
    await write(descriptor, ZEROS, 0, ZEROS.length, at)
  await fdatasync(descriptor)
}
