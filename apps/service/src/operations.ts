import type { IncomingMessage, ServerResponse } from 'node:http'
import type { INestApplication } from '@nestjs/common'
import { ModuleRef } from '@nestjs/core'
import { UnknownElementException } from '@nestjs/core/errors/exceptions/unknown-element.exception.js'
import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { RocketMQHealthIndicator } from '@rockhopper/nestjs'
import { OutboxEvent } from '@rockhopper/nestjs/typeorm'
import { DataSource, IsNull } from 'typeorm'
import { httpSeconds, measure, registry, tellHandled } from './telemetry.js'

type Request = IncomingMessage & { readonly route?: { readonly path?: string } }
type Next = () => void

const READY_TIMEOUT_MS = 2_000

/**
 * What whoever runs a service asks it: `/metrics` for Prometheus, `/ready` whether it can do its work now. A
 * request to anything else gets a span, as a child of the caller's `traceparent`, and a line in the log.
 */
export function addOperations(app: INestApplication): void {
  const health = new Health(app)
  app.use('/metrics', (_request: Request, response: ServerResponse) => {
    registry.metrics().then(
      (text) => {
        response.setHeader('content-type', registry.contentType)
        response.end(text)
      },
      (error: unknown) => answer(response, 500, { status: 500, message: String(error) }),
    )
  })
  app.use('/ready', (_request: Request, response: ServerResponse) => {
    void health.look().then((state) => answer(response, state.status === 'up' ? 200 : 503, state))
  })
  app.use(traced)
  health.measure()
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.statusCode = status
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify(body))
}

function traced(request: Request, response: ServerResponse, next: Next): void {
  const method = request.method ?? ''
  const parent = propagation.extract(context.active(), request.headers)
  const span = trace
    .getTracer('@rockhopper/service')
    .startSpan(`${method} ${request.url}`, { kind: SpanKind.SERVER }, parent)
  const inside = trace.setSpan(parent, span)
  const startedAt = performance.now()
  response.once('close', () => {
    const status = response.statusCode
    // The pattern, not the address: labels have to be few.
    const route = request.route?.path ?? 'none'
    const durationMs = performance.now() - startedAt
    httpSeconds.observe({ method, route, status: String(status) }, durationMs / 1_000)
    if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR })
    span.end()
    const facts = { method, route, status, durationMs: Math.round(durationMs) }
    // Pages and probes ask all the time, and change nothing.
    context.with(inside, () => tellHandled(facts, `${method} ${route}`, method === 'GET'))
  })
  context.with(inside, next)
}

interface HealthState {
  readonly status: 'up' | 'down'
  readonly rocketmq: { readonly status: string; readonly lag?: unknown }
  readonly database: 'up' | 'down' | 'none'
}

class Health {
  readonly #app: INestApplication

  constructor(app: INestApplication) {
    this.#app = app
  }

  async look(): Promise<HealthState> {
    const [rocketmq, database] = await Promise.all([this.#rocketmq(), this.#database()])
    const isUp = rocketmq.status !== 'down' && database !== 'down'
    return { status: isUp ? 'up' : 'down', rocketmq, database }
  }

  /** What waits: for each group at the broker, and in the outbox. Read when the metrics are. */
  measure(): void {
    measure({
      kind: 'gauge',
      name: 'rocketmq_consumer_lag_messages',
      help: 'Messages that wait for a consumer group.',
      labels: ['consumer_group'],
      read: async () => {
        const lag = (await this.#rocketmq()).lag as Readonly<Record<string, number>> | undefined
        return Object.entries(lag ?? {}).map(([group, count]) => [count, { consumer_group: group }] as const)
      },
    })
    const source = this.#part(DataSource)
    if (source?.hasMetadata(OutboxEvent) !== true) return
    measure({
      kind: 'gauge',
      name: 'rocketmq_outbox_unsent_events',
      help: 'Events that are committed and not yet acknowledged by the broker.',
      labels: [],
      read: async () => [[await source.manager.countBy(OutboxEvent, { sentAt: IsNull() }), {}]],
    })
  }

  async #rocketmq(): Promise<HealthState['rocketmq']> {
    const indicator = this.#part(RocketMQHealthIndicator)
    if (indicator === undefined) return { status: 'none' }
    return (await indicator.readiness('rocketmq', { timeoutMs: READY_TIMEOUT_MS })).rocketmq
  }

  async #database(): Promise<HealthState['database']> {
    const query = this.#part(DataSource)?.query('SELECT 1')
    if (query === undefined) return 'none'
    return query.then(
      () => 'up',
      () => 'down',
    )
  }

  /** Undefined in a service that does without. */
  #part<Part extends object>(type: new (...parts: never[]) => Part): Part | undefined {
    try {
      // Not of the application itself: that would log what it does not find as an error.
      return this.#app.get(ModuleRef).get<Part>(type, { strict: false })
    } catch (error) {
      if (error instanceof UnknownElementException) return undefined
      throw error
    }
  }
}
