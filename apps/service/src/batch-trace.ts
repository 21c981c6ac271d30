import { context, type Link, propagation, ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api'
import type { MessageView } from '@rockhopper/client'
import { tellHandled } from './telemetry.js'

/** Messages that one piece of work is about: those of one queue, in its order. */
export interface Batch {
  readonly group: string
  readonly messages: readonly MessageView[]
}

/**
 * For a loop of the service's own that handles messages by the batch. `work` runs in a span that is linked
 * to the trace of each message, and belongs to that trace when all are of one. Then the log tells of each
 * message in its own trace; of none when `work` resolves with undefined: they were not handled.
 */
export async function handledTogether<T>(
  batch: Batch,
  work: () => Promise<T | undefined>,
): Promise<T | undefined> {
  const { group, messages } = batch
  const tracer = trace.getTracer('@rockhopper/service')
  const senders = messages.map(({ properties }) => propagation.extract(ROOT_CONTEXT, properties))
  const traces = senders.map((sender) => trace.getSpanContext(sender))
  const isOneTrace = traces.every((one) => one?.traceId === traces[0]?.traceId)
  const parent = isOneTrace ? (senders[0] ?? ROOT_CONTEXT) : ROOT_CONTEXT
  const links = traces.flatMap((from): Link[] => (from === undefined ? [] : [{ context: from }]))
  const topic = messages[0]?.topic ?? ''
  const options = { kind: SpanKind.CONSUMER, links, attributes: { 'messaging.consumer.group.name': group } }
  const span = tracer.startSpan(`process ${topic}`, options, parent)
  const startedAt = performance.now()
  try {
    const result = await context.with(trace.setSpan(parent, span), work)
    if (result === undefined) return undefined
    const shared = { topic, group, durationMs: Math.round(performance.now() - startedAt) }
    for (const [at, message] of messages.entries()) {
      const { keys, messageId, queueId, queueOffset } = message
      const own = tracer.startSpan(
        `process ${topic}`,
        { links: [{ context: span.spanContext() }] },
        senders[at],
      )
      context.with(trace.setSpan(ROOT_CONTEXT, own), () =>
        tellHandled({ ...shared, keys, messageId, queueId, queueOffset }, `handled ${topic}`),
      )
      own.end()
    }
    return result
  } finally {
    span.end()
  }
}
