import { expect, test } from '@jest/globals'
import { context, propagation, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { ClientRocketMQ } from '../client.js'
import { MemoryBroker } from '../memory-broker.fixture.js'
import { RocketMQRecordBuilder } from '../record.js'
import { openTelemetry } from './index.js'

// B26
test('a delivery continues the trace of the send, through W3C properties', async () => {
  const exporter = new InMemorySpanExporter()
  trace.setGlobalTracerProvider(
    new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }),
  )
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  propagation.setGlobalPropagator(new W3CTraceContextPropagator())
  const broker = new MemoryBroker()
  const tracing = openTelemetry()
  const client = new ClientRocketMQ({ namesrvAddr: 'memory', clients: broker, instrumentation: [tracing] })
  await client.publish('a:x', { id: 1 })
  const message = broker.topics.get('a')?.[0]
  if (message === undefined) throw new Error('nothing was sent')
  expect(message.properties['traceparent']).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/)
  let inside: string | undefined
  await tracing.deliver?.({ message, group: 'g' }, async () => {
    inside = trace.getActiveSpan()?.spanContext().traceId
    return { kind: 'retry', reason: 'db down' }
  })
  // What the outbox sends later belongs to the request that added it, unless somebody else sends it on.
  const properties = { traceparent: `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01` }
  const sentWith = () => broker.topics.get('a')?.at(-1)?.properties['traceparent']?.split('-')[1]
  await client.publish('a:x', new RocketMQRecordBuilder({ id: 2 }).setProperties(properties).build())
  expect(sentWith()).toBe('ab'.repeat(16))
  await trace.getTracer('test').startActiveSpan('outside', async (span) => {
    await client.publish('a:x', new RocketMQRecordBuilder({ id: 3 }).setProperties(properties).build())
    expect(sentWith()).toBe(span.spanContext().traceId)
  })
  const [sent, handled] = exporter.getFinishedSpans()
  expect([sent?.name, handled?.name]).toEqual(['send a', 'process a'])
  expect(handled?.parentSpanContext?.spanId).toBe(sent?.spanContext().spanId)
  expect(inside).toBe(sent?.spanContext().traceId)
  expect(handled?.status.message).toBe('db down')
  await client.close()
})
