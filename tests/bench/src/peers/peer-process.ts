import { once } from 'node:events'
import { connect } from 'node:net'
import { Latencies } from '../load/latencies.js'
import type { Measured } from '../load/load-task.js'
import { AmqpWire } from './amqp-wire.js'
import { KafkaWire } from './kafka-wire.js'
import { NatsWire } from './nats-wire.js'
import type { PeerTask } from './peer-task.js'
import { RedisWire } from './redis-wire.js'
import type { Wire } from './wire.js'

// The generator for peers, a process of its own: a closed loop like load-process.ts. Requests are the same
// bytes each time, so that it costs less than any of them.

const WIRES: Readonly<Record<PeerTask['wire'], (bodySize: number) => Wire>> = {
  redis: (bodySize) => new RedisWire(bodySize),
  nats: (bodySize) => new NatsWire(bodySize),
  amqp: (bodySize) => new AmqpWire(bodySize),
  kafka: (bodySize) => new KafkaWire(bodySize),
}

async function run(task: PeerTask): Promise<Measured> {
  const latencies = new Latencies()
  const perConnection = Math.max(1, Math.floor(task.inFlight / task.connections))
  for (let i = 0; i < task.connections; i++) await open(task, perConnection, latencies)
  await new Promise((resolve) => setTimeout(resolve, task.warmUpMs))
  latencies.clear()
  const cpu = process.cpuUsage()
  const began = performance.now()
  process.stdout.write('measuring\n')
  await new Promise((resolve) => setTimeout(resolve, task.measureMs))
  const seconds = (performance.now() - began) / 1_000
  const { user, system } = process.cpuUsage(cpu)
  const [p50Us = 0, p99Us = 0, p999Us = 0] = [0.5, 0.99, 0.999].map((share) => latencies.percentile(share))
  const requests = latencies.count
  const counted = { requests, messages: requests, errors: 0, problem: '' }
  return { ...counted, seconds, cpuUs: user + system, p50Us, p99Us, p999Us }
}

async function open(task: PeerTask, inFlight: number, latencies: Latencies): Promise<void> {
  const socket = connect({ host: '127.0.0.1', port: task.port, noDelay: true })
  await once(socket, 'connect')
  const wire = WIRES[task.wire](task.bodySize)
  await wire.open(socket)
  socket.removeAllListeners()
  socket.on('error', fail)
  socket.on('close', () => fail(new Error('the server closed a connection')))
  const { request } = wire
  const requests = Buffer.concat(Array.from({ length: inFlight }, () => request))
  // Answers come in the order of requests: a ring of their times.
  const startedAt = new Float64Array(inFlight).fill(performance.now())
  let next = 0
  socket.on('data', (chunk) => {
    const count = wire.answers(chunk)
    const now = performance.now()
    for (let i = 0; i < count; i++) {
      latencies.add((now - (startedAt[next] as number)) * 1_000)
      startedAt[next] = now
      next = (next + 1) % inFlight
    }
    if (count > 0) socket.write(requests.subarray(0, count * request.length))
  })
  socket.write(requests)
}

function fail(error: Error): void {
  process.stderr.write(`${error.message}\n`)
  process.exit(1)
}

const result = await run(JSON.parse(process.argv[2] ?? '{}') as PeerTask)
process.stdout.write(`${JSON.stringify(result)}\n`)
process.exit(0)
