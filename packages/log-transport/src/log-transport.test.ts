import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { PullConsumer } from '@rockhopper/client'
import { EmbeddedRocketMQ } from '@rockhopper/embedded'
import { createNodeEnv } from '@rockhopper/env'
import { pino } from 'pino'
import { lineId } from './line-id.js'
import { linesOf, logMessages } from './log-batch.js'
import { type LogLine, lineOf } from './log-line.js'
import { LogShipper } from './log-shipper.js'
import { RocketMQLogger } from './nestjs/index.js'
import logTransport from './pino/index.js'

let mq: EmbeddedRocketMQ
beforeAll(async () => {
  mq = await EmbeddedRocketMQ.start()
})
afterAll(() => mq.stop())

async function linesIn(topic: string): Promise<LogLine[]> {
  const consumer = new PullConsumer({ namesrvAddr: mq.nameserverAddress, consumerGroup: 'readers' })
  await consumer.start()
  const lines: LogLine[] = []
  for (const queue of await consumer.messageQueues(topic)) {
    const { messages } = await consumer.pull(queue, 0)
    for (const { body } of messages) lines.push(...linesOf(body).lines)
  }
  await consumer.shutdown()
  return lines
}

const id = (line: number) => lineId({ kind: 'http', source: 's', batchId: 'b', line })

describe('the form of a line', () => {
  test.each([
    [
      { time: 5, level: 50, msg: 'pino', name: 'shop' },
      { at: 5, level: 'error', message: 'pino', service: 'shop' },
    ],
    [
      { time: '2026-11-20T00:00:00Z', level: 'WARNING' },
      { at: 1763596800000 + 365 * 86_400_000, level: 'warn' },
    ],
    [
      { time: 1, level: 'odd', responseTime: 12, a: 1 },
      { level: 'info', durationMs: 12, fields: { a: 1 } },
    ],
  ])('%j', (written, wanted) => {
    expect(lineOf(id(0), written)).toMatchObject(wanted)
  })

  test.each([[{ message: 'when?' }], [{ time: 'never' }], [[1]], ['text'], [null]])(
    '%j is refused',
    (written) => {
      expect(() => lineOf(id(0), written)).toThrow(/'time'|one JSON object/)
    },
  )

  test('ids differ by every part of the origin, and kinds never meet', () => {
    const ids = [
      lineId({ kind: 'http', source: 'a', batchId: 'b', line: 1 }),
      lineId({ kind: 'http', source: 'a', batchId: 'b', line: 2 }),
      lineId({ kind: 'http', source: 'a', batchId: 'c', line: 1 }),
      lineId({ kind: 'tail', source: 'a', file: 'b', position: 1 }),
      lineId({ kind: 'logger', source: 'a', instance: 'b', sequence: 1 }),
    ]
    expect(new Set(ids).size).toBe(5)
    expect(ids[0]).toBe('4397d9c25e7122a8b168aadbc1da34fd')
  })
})

describe('batches', () => {
  const address = { topic: 'T', key: 'k', shardingKey: 's' }
  const line = (n: number, message = `m${n}`) => lineOf(id(n), { time: n, message })

  test('are cut by lines and by bytes, and come back as they were', () => {
    const many = Array.from({ length: 2_500 }, (_, n) => line(n))
    const wide = Array.from({ length: 5 }, (_, n) => line(n, 'x'.repeat(200_000)))
    expect(logMessages(many, address)).toHaveLength(3)
    expect(logMessages(wide, address)).toHaveLength(3)
    const back = logMessages(many, address).flatMap(({ body }) => linesOf(Buffer.from(body)).lines)
    expect(back).toEqual(many)
  })

  test('what is no line is told apart from the lines around it', () => {
    const body = Buffer.from(`${JSON.stringify(line(1))}\nnot json\n{"id":"x"}\n${JSON.stringify(line(2))}\n`)
    expect(linesOf(body)).toEqual({ lines: [line(1), line(2)], refused: ['not json', '{"id":"x"}'] })
  })
})

describe('loggers', () => {
  test('pino writes through the transport: levels, fields and durations arrive once, in order', async () => {
    const target = logTransport({ namesrvAddr: mq.nameserverAddress, service: 'shop', topic: 'by-pino' })
    const logger = pino({ level: 'trace' }, target)
    logger.info({ order: 7 }, 'placed')
    logger.error({ durationMs: 12.5 }, 'failed')
    await new Promise<void>((resolve) => target.end(() => resolve()))
    const lines = await linesIn('by-pino')
    expect(lines).toMatchObject([
      { level: 'info', message: 'placed', service: 'shop', fields: { order: 7 } },
      { level: 'error', message: 'failed', durationMs: 12.5 },
    ])
  })

  test('the Nest logger keeps context and stack', async () => {
    const logger = new RocketMQLogger({
      namesrvAddr: mq.nameserverAddress,
      service: 'shop',
      topic: 'by-nest',
    })
    logger.log('ready', 'Bootstrap')
    logger.error('broken', 'at line 1', 'Orders')
    await logger.close()
    expect(await linesIn('by-nest')).toMatchObject([
      { level: 'info', message: 'ready', fields: { context: 'Bootstrap' } },
      { level: 'error', message: 'broken', fields: { context: 'Orders', stack: 'at line 1' } },
    ])
  })

  test('lines wait for a broker that is away, and the oldest go when there are too many', async () => {
    const broker = await EmbeddedRocketMQ.start()
    const namesrvAddr = broker.nameserverAddress
    await broker.stop()
    const silent = { info: () => {}, warn: () => {}, error: () => {} }
    const env = createNodeEnv({ log: silent })
    const away = new LogShipper({ namesrvAddr, service: 's', linesMax: 10, lingerMs: 60_000, env })
    for (let n = 0; n < 25; n++) away.take({ message: `m${n}` })
    expect(await away.flush()).toBe(false)
    expect(away.dropped).toBe(15)
    await away.close()
  }, 30_000)

  test('what was dropped is told by the next batch that arrives', async () => {
    const namesrvAddr = mq.nameserverAddress
    const shipper = new LogShipper({
      namesrvAddr,
      service: 's',
      topic: 'told',
      linesMax: 3,
      lingerMs: 60_000,
    })
    for (let n = 0; n < 5; n++) shipper.take(`m${n}`)
    await shipper.close()
    const messages = (await linesIn('told')).map(({ message }) => message)
    expect(messages).toEqual(['m2', 'm3', 'm4', '2 log lines were dropped: the broker was away'])
  })
})
