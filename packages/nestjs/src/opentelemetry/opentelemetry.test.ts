import { expect, test } from '@jest/globals'
import { context, propagation, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { ClientRocketMQ } from '../client.js'
import { MemoryBroker } from '../memory-broker.fixture.js'
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
  const [sent, handled] = exporter.getFinishedSpans()
  expect([sent?.name, handled?.name]).toEqual(['send a', 'process a'])
  expect(handled?.parentSpanContext?.spanId).toBe(sent?.spanContext().spanId)
  expect(inside).toBe(sent?.spanContext().traceId)
  expect(handled?.status.message).toBe('db down')
  await client.close()
})
