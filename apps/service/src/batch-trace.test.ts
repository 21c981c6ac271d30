import { randomBytes } from 'node:crypto'
import { beforeAll, beforeEach, expect, test } from '@jest/globals'
import type { MessageView } from '@rockhopper/client'
import { pino } from 'pino'
import { handledTogether } from './batch-trace.js'
import { traceIds } from './logging.js'
import { startTelemetry } from './telemetry.js'

interface Line {
  readonly message: string
  readonly trace_id?: string
  readonly keys?: readonly string[]
}

let lines: Line[] = []
const logger = pino(
  { messageKey: 'message', mixin: traceIds },
  { write: (text) => void lines.push(JSON.parse(text) as Line) },
)

beforeAll(() => startTelemetry(logger, 'info'))
beforeEach(() => {
  lines = []
})

const newTrace = (): string => randomBytes(16).toString('hex')

function sent(key: string, traceId?: string): MessageView {
  const properties = traceId === undefined ? {} : { traceparent: `00-${traceId}-${'1'.repeat(16)}-01` }
  const place = { queueId: 0, queueOffset: 7, messageId: key }
  return { topic: 'log_topic', keys: [key], properties, ...place } as unknown as MessageView
}

test('each message of a batch is told of in the trace in which it was sent', async () => {
  const [one, two] = [newTrace(), newTrace()]
  const messages = [sent('a', one), sent('b', two), sent('c')]
  expect(await handledTogether({ group: 'g', messages }, async () => 3)).toBe(3)
  expect(lines.map(({ keys }) => keys)).toEqual([['a'], ['b'], ['c']])
  expect(lines.slice(0, 2).map(({ trace_id }) => trace_id)).toEqual([one, two])
  expect([one, two, undefined]).not.toContain(lines[2]?.trace_id)
})

test('what the work says is in the trace of its messages when that is one', async () => {
  const one = newTrace()
  const failing = handledTogether({ group: 'g', messages: [sent('a', one), sent('b', one)] }, async () => {
    logger.warn('the sink is down')
    throw new Error('down')
  })
  await expect(failing).rejects.toThrow('down')
  expect(lines).toMatchObject([{ message: 'the sink is down', trace_id: one }])
})

test('work on messages of several traces is in a trace of its own, and nothing undone is told', async () => {
  const [one, two] = [newTrace(), newTrace()]
  const messages = [sent('a', one), sent('b', two)]
  const undone = await handledTogether({ group: 'g', messages }, async () => {
    logger.warn('ending')
    return undefined
  })
  expect(undone).toBeUndefined()
  expect(lines.map(({ message }) => message)).toEqual(['ending'])
  expect([one, two, undefined]).not.toContain(lines[0]?.trace_id)
})
