import { connect, type Socket } from 'node:net'
import { Latencies } from './latencies.js'
import type { LoadResult, LoadTask } from './load-task.js'
import { ReplyReader } from './reply-reader.js'
import { OPAQUE_BASE, type RequestTemplate } from './request-template.js'
import { templatesOf } from './templates.js'

/** Slots per connection: an opaque tells connection and slot. */
const SLOTS = 4096
/** With a rate: how often requests leave. */
const PACE_MS = 5
const READ_BYTES = 256 * 1024
const READ_BYTES_ALL = 64 * 1024 * 1024

/**
 * The generator, a process of its own: a closed loop of raw frames over sockets. Each answer makes the next
 * request of its connection; requests that one chunk of answers makes leave in one write.
 */
class Generator {
  readonly #task: LoadTask
  readonly #templates: readonly RequestTemplate[]
  readonly #sizeMax: number
  readonly #latencies = new Latencies()
  readonly #refusals = new Latencies()
  readonly #startedAt: Float64Array
  readonly #problems = new Map<string, number>()
  #messages = 0
  #errors = 0
  #sent = 0
  #next = 0

  constructor(task: LoadTask) {
    this.#task = task
    this.#templates = templatesOf(task)
    this.#sizeMax = this.#templates.reduce((max, { size }) => Math.max(max, size), 0)
    this.#startedAt = new Float64Array(task.connections * SLOTS)
  }

  async run(): Promise<LoadResult> {
    const { connections, inFlight, warmUpMs, measureMs } = this.#task
    const perConnection = Math.max(1, Math.floor(inFlight / connections))
    for (let i = 0; i < connections; i++) await this.#open(i, perConnection)
    await new Promise((resolve) => setTimeout(resolve, warmUpMs))
    this.#latencies.clear()
    this.#refusals.clear()
    this.#messages = this.#errors = this.#sent = 0
    const cpu = process.cpuUsage()
    const began = performance.now()
    process.stdout.write('measuring\n')
    await new Promise((resolve) => setTimeout(resolve, measureMs))
    const seconds = (performance.now() - began) / 1_000
    const used = process.cpuUsage(cpu)
    const [p50, p99, p999] = [0.5, 0.99, 0.999].map((share) => this.#latencies.percentile(share))
    return {
      requests: this.#latencies.count + this.#refusals.count,
      sent: this.#sent,
      errorP99Us: this.#refusals.percentile(0.99),
      messages: this.#messages,
      errors: this.#errors,
      problem: [...this.#problems.keys()][0] ?? '',
      seconds,
      cpuUs: used.user + used.system,
      p50Us: p50 ?? 0,
      p99Us: p99 ?? 0,
      p999Us: p999 ?? 0,
    }
  }

  #open(index: number, inFlight: number): Promise<void> {
    const { host, port } = this.#task
    const base = OPAQUE_BASE + index * SLOTS
    const freed: number[] = []
    const { rate, connections } = this.#task
    const bufferSize = Math.min(READ_BYTES, Math.floor(READ_BYTES_ALL / connections))
    const reader = new ReplyReader((opaque, ok, frame) => {
      this.#answered(opaque - OPAQUE_BASE, ok, frame)
      freed.push(opaque)
    })
    return new Promise((resolve, reject) => {
      const socket = connect({
        host,
        port,
        noDelay: true,
        onread: {
          buffer: Buffer.allocUnsafeSlow(bufferSize),
          callback: (size, buffer) => {
            reader.push((buffer as Buffer).subarray(0, size))
            if (rate !== undefined || freed.length === 0) return true
            socket.write(this.#frames(freed))
            freed.length = 0
            return true
          },
        },
      })
      socket.once('error', reject)
      socket.once('close', () => {
        process.stderr.write('the server closed a connection\n')
        process.exit(1)
      })
      socket.once('connect', () => {
        const slots = Array.from({ length: rate === undefined ? inFlight : SLOTS }, (_, i) => base + i)
        if (rate === undefined) socket.write(this.#frames(slots))
        else this.#pace(socket, freed, slots, rate / connections)
        resolve()
      })
    })
  }

  /** Sends at a rate as long as there is a free slot: what is not answered keeps its own. */
  #pace(socket: Socket, freed: number[], slots: readonly number[], perSecond: number): void {
    freed.push(...slots)
    let last = performance.now()
    let due = 0
    setInterval(() => {
      const now = performance.now()
      due += ((now - last) / 1_000) * perSecond
      last = now
      const opaques = freed.splice(0, Math.floor(due))
      // What found no slot is not sent later, in one burst.
      due -= Math.floor(due)
      if (opaques.length > 0) socket.write(this.#frames(opaques))
    }, PACE_MS)
  }

  /** One buffer with a request for each opaque. */
  #frames(opaques: readonly number[]): Buffer {
    const bytes = Buffer.allocUnsafe(opaques.length * this.#sizeMax)
    const now = performance.now()
    let at = 0
    this.#sent += opaques.length
    for (const opaque of opaques) {
      const number = this.#next++
      const template = this.#templates[number % this.#templates.length] as RequestTemplate
      this.#startedAt[opaque - OPAQUE_BASE] = now
      const round = Math.floor(number / this.#templates.length)
      at = template.write(bytes, at, opaque, this.#task.kind === 'pull' ? this.#pullOffset(round) : number)
    }
    return bytes.subarray(0, at)
  }

  /** Batches of 32 through the backlog of a queue, and from its beginning again. */
  #pullOffset(round: number): number {
    const { backlog = 0, backlogFrom = 0 } = this.#task
    return backlogFrom + ((round * 32) % Math.max(32, backlog - (backlog % 32)))
  }

  #answered(slot: number, ok: boolean, frame: Buffer): void {
    const latencyUs = (performance.now() - (this.#startedAt[slot] as number)) * 1_000
    if (ok || this.#task.kind !== 'send') this.#latencies.add(latencyUs)
    else this.#refusals.add(latencyUs)
    if (this.#task.kind === 'echo') this.#messages++
    else if (!ok) {
      this.#errors++
      const headerEnd = 8 + (frame.readInt32BE(4) & 0xff_ffff)
      if (this.#problems.size === 0) this.#problems.set(frame.toString('utf8', 8, headerEnd), 1)
    } else if (this.#task.kind === 'send') this.#messages++
    else this.#messages += recordCount(frame)
  }
}

/** Records begin with their size; a pull's body is nothing but records. */
function recordCount(frame: Buffer): number {
  let count = 0
  for (let at = 8 + (frame.readInt32BE(4) & 0xff_ffff); at < frame.length; at += frame.readInt32BE(at))
    count++
  return count
}

const result = await new Generator(JSON.parse(process.argv[2] ?? '{}') as LoadTask).run()
process.stdout.write(`${JSON.stringify(result)}\n`)
process.exit(0)
