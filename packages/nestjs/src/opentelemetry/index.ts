import { context, propagation, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import type { RocketMQInstrumentation } from '../instrumentation.js'

/**
 * Traces sends and deliveries with the tracer the application registered: a producer span per send, a
 * consumer span per delivery as its child. W3C `traceparent`, `tracestate` and `baggage` travel as message
 * properties, so Java clients with an OpenTelemetry agent take part. Give it to server and client as
 * `instrumentation`.
 */
export function openTelemetry(): RocketMQInstrumentation {
  const tracer = trace.getTracer('@rockhopper/nestjs')
  return {
    publish(message, send) {
      const { topic, tag, keys } = message
      const attributes = {
        ...SYSTEM,
        'messaging.destination.name': topic,
        'messaging.operation.type': 'send',
        ...(tag === undefined ? {} : { 'messaging.rocketmq.message.tag': tag }),
        ...(keys === undefined ? {} : { 'messaging.rocketmq.message.keys': [...keys] }),
      }
      // An event of the outbox, sent when its request is over, brings the trace of that request.
      const current = context.active()
      const isAlone = trace.getSpan(current) === undefined
      const parent = isAlone ? propagation.extract(current, message.properties ?? {}) : current
      const options = { kind: SpanKind.PRODUCER, attributes }
      return tracer.startActiveSpan(`send ${topic}`, options, parent, (span) => {
        const carrier: Record<string, string> = {}
        propagation.inject(context.active(), carrier)
        return ended(span, send({ ...message, properties: { ...message.properties, ...carrier } }))
      })
    },
    deliver({ message, group }, handle) {
      const parent = propagation.extract(context.active(), message.properties)
      const attributes = {
        ...SYSTEM,
        'messaging.destination.name': message.topic,
        'messaging.operation.type': 'process',
        'messaging.consumer.group.name': group,
        'messaging.message.id': message.messageId,
        'messaging.rocketmq.delivery_attempt': message.reconsumeTimes + 1,
      }
      const options = { kind: SpanKind.CONSUMER, attributes }
      return tracer.startActiveSpan(`process ${message.topic}`, options, parent, async (span) => {
        const verdict = await ended(span, handle())
        return verdict
      })
    },
  }
}

const SYSTEM = { 'messaging.system': 'rocketmq' } as const

async function ended<T>(span: Span, work: Promise<T>): Promise<T> {
  try {
    const value = await work
    const failure = failureOf(value)
    if (failure !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: failure })
    return value
  } catch (error) {
    span.setStatus({ code: SpanStatusCode.ERROR, message: String(error) })
    throw error
  } finally {
    span.end()
  }
}

/** A verdict that is no success says why. */
function failureOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || !('kind' in value) || !('reason' in value))
    return undefined
  return String(value.reason)
}
