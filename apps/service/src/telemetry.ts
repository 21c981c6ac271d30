import { context, propagation, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base'
import type { RocketMQInstrumentation } from '@rockhopper/nestjs'
import { openTelemetry } from '@rockhopper/nestjs/opentelemetry'
import { prometheus } from '@rockhopper/nestjs/prometheus'
import type { Logger as Pino } from 'pino'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

/** How every request and message handled is told: where there are thousands a second, only when asked for. */
export type HandledLevel = 'info' | 'debug'

/** What this process measures; one, as Prometheus asks a process and not a part of it. */
export const registry = new Registry()

export const httpSeconds = new Histogram({
  name: 'http_request_duration_seconds',
  help: 'From the arrival of a request to the end of its answer.',
  labelNames: ['method', 'route', 'status'],
  registers: [registry],
})

/** A metric of the service's own: read when somebody asks for it, from what the service knows anyway. */
export interface Measure<Label extends string> {
  readonly kind: 'counter' | 'gauge'
  readonly name: string
  readonly help: string
  readonly labels: readonly Label[]
  readonly read: () => readonly MeasuredValue<Label>[] | Promise<readonly MeasuredValue<Label>[]>
}

type MeasuredValue<Label extends string> = readonly [value: number, labels: Readonly<Record<Label, string>>]

/** Takes the place of an earlier one of that name: tests run several services in one process. */
export function measure<Label extends string>({ kind, name, help, labels, read }: Measure<Label>): void {
  registry.removeSingleMetric(name)
  const shared = { name, help, labelNames: [...labels], registers: [registry] }
  if (kind === 'gauge') {
    new Gauge<Label>({
      ...shared,
      async collect() {
        this.reset()
        for (const [value, of] of await read()) this.set(of, value)
      },
    })
  } else {
    new Counter<Label>({
      ...shared,
      async collect() {
        this.reset()
        for (const [value, of] of await read()) this.inc(of, value)
      },
    })
  }
}

let logger: Pino | undefined
let level: HandledLevel = 'info'
let chain: readonly RocketMQInstrumentation[] | undefined

/** Once a process: spans get ids and travel as W3C headers and properties; nobody collects them. */
export function startTelemetry(to: Pino, handledLevel: HandledLevel): void {
  logger = to
  level = handledLevel
  if (chain !== undefined) return
  trace.setGlobalTracerProvider(new BasicTracerProvider())
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  propagation.setGlobalPropagator(new W3CTraceContextPropagator())
  collectDefaultMetrics({ register: registry })
  chain = [openTelemetry(), prometheus({ registry }), { publish: toldSend, deliver: toldDelivery }]
}

/** For `RocketMQModule`: spans, metrics, and a line for every message that was handled. */
export function instrumentation(): readonly RocketMQInstrumentation[] {
  return chain ?? []
}

/** For `OutboxModule`: an event belongs to the trace of the request that added it, whenever it is sent. */
export function traceProperties(): Record<string, string> {
  const carrier: Record<string, string> = {}
  propagation.inject(context.active(), carrier)
  return carrier
}

/** Logs one request or message that was handled. */
export function tellHandled(fields: object, words: string, quiet = false): void {
  logger?.[quiet ? 'debug' : level](fields, words)
}

/** Within the span of the send: what came over no HTTP, as a line of a file, has its trace from here on. */
const toldSend: NonNullable<RocketMQInstrumentation['publish']> = async (message, send) => {
  const sent = await send(message)
  const { topic, tag, keys } = message
  tellHandled({ topic, tag, keys }, `sent ${tag === undefined ? topic : `${topic}:${tag}`}`, true)
  return sent
}

const toldDelivery: NonNullable<RocketMQInstrumentation['deliver']> = async ({ message, group }, handle) => {
  const startedAt = performance.now()
  const verdict = await handle()
  const { topic, tag, keys, messageId, reconsumeTimes } = message
  const durationMs = Math.round(performance.now() - startedAt)
  const facts = { topic, tag, keys, messageId, group, attempt: reconsumeTimes + 1, outcome: verdict.kind }
  tellHandled({ ...facts, durationMs }, `handled ${tag === undefined ? topic : `${topic}:${tag}`}`)
  return verdict
}
