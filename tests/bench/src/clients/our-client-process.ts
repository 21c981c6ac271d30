// What Load.java and main.go do, on our client. Its speed is the client's: nothing is prepared or reused.
import { Producer, PushConsumer } from '@rockhopper/client'
import { Latencies } from '../load/latencies.js'
import type { Measured } from '../load/load-task.js'
import { type DrainTask, type SendTask, taskOf } from './client-task.js'

async function send({ nameserver, topic, inFlight, bodySize, warmUpMs, measureMs }: SendTask) {
  const producer = new Producer({ namesrvAddr: nameserver, producerGroup: 'bench-producer' })
  await producer.start()
  const body = Buffer.alloc(bodySize, 'r')
  const latencies = new Latencies()
  const problems: string[] = []
  let sending = true
  const worker = async (): Promise<void> => {
    while (sending) {
      const began = performance.now()
      try {
        await producer.send({ topic, body })
        latencies.add((performance.now() - began) * 1_000)
      } catch (error) {
        problems.push(String(error))
      }
    }
  }
  const workers = Array.from({ length: inFlight }, worker)
  await new Promise((resolve) => setTimeout(resolve, warmUpMs))
  latencies.clear()
  problems.length = 0
  const measured = begin()
  await new Promise((resolve) => setTimeout(resolve, measureMs))
  const result = measured(latencies.count, latencies, problems)
  sending = false
  await Promise.all(workers)
  return result
}

async function drain({ nameserver, topic, group, warmUp, count }: DrainTask) {
  const consumer = new PushConsumer({
    namesrvAddr: nameserver,
    consumerGroup: group,
    consumeFromWhere: 'CONSUME_FROM_FIRST_OFFSET',
  })
  consumer.subscribe(topic)
  let received = 0
  let measured: ReturnType<typeof begin> | undefined
  return new Promise<Measured>((resolve, reject) => {
    const starting = consumer.start(async (messages) => {
      received += messages.length
      if (received >= warmUp) measured ??= begin()
      if (received >= count && measured !== undefined) resolve(measured(count - warmUp, new Latencies(), []))
    })
    starting.catch(reject)
  })
}

/** Says that it begins to be measured; call the result when that ends. */
function begin() {
  const cpu = process.cpuUsage()
  const began = performance.now()
  process.stdout.write('measuring\n')
  return (messages: number, latencies: Latencies, problems: readonly string[]): Measured => {
    const { user, system } = process.cpuUsage(cpu)
    const [p50Us = 0, p99Us = 0, p999Us = 0] = [0.5, 0.99, 0.999].map((share) => latencies.percentile(share))
    return {
      requests: messages,
      messages,
      errors: problems.length,
      problem: problems[0] ?? '',
      seconds: (performance.now() - began) / 1_000,
      cpuUs: user + system,
      p50Us,
      p99Us,
      p999Us,
    }
  }
}

const task = taskOf(process.argv.slice(2))
const result = await (task.mode === 'send' ? send(task) : drain(task))
process.stdout.write(`${JSON.stringify(result)}\n`)
process.exit(0)
