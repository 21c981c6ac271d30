// Loaded into a broker's process with `--import`: counts what the broker does, and tells it when asked over
// the channel to its parent. Counts do not depend on how fast the machine is or what else it does.
import { PerformanceObserver } from 'node:perf_hooks'
import type { Counts } from './counts.js'

const counted = { copies: 0, copiedBytes: 0, buffers: 0, bufferBytes: 0, collections: 0 }

type Method = (this: unknown, ...args: never[]) => unknown

/** Puts a function in front of a method; it sees the arguments and what came back. */
function watch(owner: object, name: string, seen: (args: readonly unknown[], result: unknown) => void): void {
  const original = Reflect.get(owner, name) as Method
  const value = function (this: unknown, ...args: never[]): unknown {
    const result = original.apply(this, args)
    seen(args, result)
    return result
  }
  Object.defineProperty(owner, name, { value, writable: true, configurable: true })
}

const sizeOf = (value: unknown): number => (ArrayBuffer.isView(value) ? value.byteLength : 0)

function copied(size: number): void {
  counted.copies++
  counted.copiedBytes += size
}

function made(size: number): void {
  counted.buffers++
  counted.bufferBytes += size
}

const bytes = Object.getPrototypeOf(Uint8Array.prototype) as object
watch(Buffer.prototype, 'copy', (_, size) => copied(size as number))
watch(bytes, 'set', ([source]) => copied(sizeOf(source)))
watch(bytes, 'slice', (_, result) => copied(sizeOf(result)))
watch(bytes, 'copyWithin', ([, from, to]) => copied(Number(to ?? 0) - Number(from ?? 0)))
for (const name of ['concat', 'from', 'alloc', 'allocUnsafe', 'allocUnsafeSlow']) {
  watch(Buffer, name, (_, result) => made(sizeOf(result)))
}
watch(Buffer, 'concat', (_, result) => copied(sizeOf(result)))

new PerformanceObserver((list) => {
  counted.collections += list.getEntries().length
}).observe({ entryTypes: ['gc'] })

process.on('message', () => {
  const counts: Counts = { ...counted, heapBytes: process.memoryUsage().heapUsed }
  process.send?.(counts)
})
process.channel?.unref()
