import { appendFileSync } from 'node:fs'
import 'reflect-metadata'
import { Controller, Module } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { Payload } from '@nestjs/microservices'
import { connectRocketMQ, RocketMQEvent, RocketMQModule, ServerRocketMQ } from '@rockhopper/nestjs'

// One instance of a service: instance.js NAMESERVER JOURNAL NAME SHUTDOWN_TIMEOUT_MS. Its handlers note their
// begin, wait until the parent names them, and note their end.

const [, , namesrvAddr = '', journal = '', name = '', shutdownTimeoutMs = ''] = process.argv
const TOPIC = 'order_topic'
const waiting = new Map<number, () => void>()
let endsAtOnce = false

const note = (what: string, n: number): void => appendFileSync(journal, `${what} ${name} ${n}\n`)

@Controller()
class Slow {
  @RocketMQEvent(TOPIC, { concurrency: 500 })
  async handle(@Payload() n: number): Promise<void> {
    note('begin', n)
    if (!endsAtOnce) await new Promise<void>((resolve) => waiting.set(n, resolve))
    note('end', n)
  }
}

const options = { consumerGroup: 'slow', shutdownTimeoutMs: Number(shutdownTimeoutMs) }

@Module({ imports: [RocketMQModule.forRoot({ namesrvAddr, server: options })], controllers: [Slow] })
class App {}

process.on('message', (order: { readonly finish: readonly number[] | 'all' }) => {
  if (order.finish === 'all') endsAtOnce = true
  for (const n of order.finish === 'all' ? [...waiting.keys()] : order.finish) {
    waiting.get(n)?.()
    waiting.delete(n)
  }
})
process.on('disconnect', () => process.exit(1))

const app = await NestFactory.create(App, { logger: ['error', 'warn'] })
app.enableShutdownHooks()
connectRocketMQ(app)

// The parent sends when the queues are shared out: two members may hold one queue while it moves.
const server = app.get(ServerRocketMQ)
const queues = new Set<number>()
server.on('rebalancing', ({ topic, taking, releasing }) => {
  if (topic !== TOPIC) return
  for (const { queueId } of taking) queues.add(queueId)
  for (const { queueId } of releasing) queues.delete(queueId)
})
server.status.subscribe((status) => {
  if (status === 'connected') process.send?.({ queues: queues.size })
})

await app.startAllMicroservices()
await app.init()
console.log('ready')
