import type { WritePacket } from '@nestjs/microservices'
import type { MessageView } from '@rockhopper/client'
import type { Clock } from '@rockhopper/env'
import type { BatchCollector } from './batch-collector.js'
import { RocketMQContext } from './context.js'
import { placeDeadLetter } from './dead-letter.js'
import type { Deadlines } from './deadlines.js'
import { DeadLetterException, type RemoteErrorFields, RetryLaterException } from './exceptions.js'
import type { NativeConsumer, NativeProducer } from './native.js'
import type { MessagePolicy, RocketMQServerOptions } from './options.js'
import { originalError } from './original-error.js'
import { formatPattern } from './pattern.js'
import { TAKES_STREAM, wantsReply } from './properties.js'
import { errorFields, type Reply } from './reply.js'
import { verdictOfFailure } from './retry-policy.js'
import { findRoute, type GroupPlan, type Route } from './routes.js'
import { Settlement } from './settlement.js'
import { validate } from './topic-schema.js'
import { DONE, errorText, type Verdict, verdictOfPolicy } from './verdict.js'

/** What delivering a message needs from the server. */
export interface DeliveryPort {
  readonly options: RocketMQServerOptions
  readonly producer: NativeProducer
  readonly clock: Clock
  readonly batches: BatchCollector
  readonly deadlines: Deadlines
  decode(message: MessageView, route: Route): unknown
  /** Resolves when the handler may begin; undefined: now. */
  turn(route: Route): Promise<void> | undefined
  /** Rejects with what the handler threw, after filters. */
  runEvent(route: Route, data: unknown, context: RocketMQContext): Promise<unknown>
  /**
   * Resolves with the last value or the error; never rejects for a handler's failure. `next` gets the values
   * before the last one, when all of them are wanted.
   */
  runRequest(
    route: Route,
    data: unknown,
    context: RocketMQContext,
    next?: (value: unknown) => Promise<void>,
  ): Promise<WritePacket>
  /** Never rejects: the one who asked may be gone. */
  reply(request: MessageView, reply: Reply, route: Route): Promise<void>
}

/** One message on its way to its handler. */
export interface Arrival {
  readonly message: MessageView
  readonly plan: GroupPlan
  readonly consumer: NativeConsumer
  readonly signal: () => AbortSignal
}

const ACK_TIMEOUT_MS = 15 * 60_000

/**
 * Finds the handler of a message, runs it to its end and says what becomes of the message. What nobody has to
 * wait for is not waited for: each await costs a message as much as the rest of a step.
 */
export function deliver(port: DeliveryPort, arrival: Arrival): Promise<Verdict> {
  const { message, plan } = arrival
  const { topic, tag } = message
  const isRequest = wantsReply(message.properties)
  const route = findRoute(plan.routes, topic, tag, isRequest)
  if (route === undefined) {
    const text = formatPattern({ topic, tags: tag === undefined ? [] : [tag] })
    const policy = port.options.onUnhandled ?? 'dead-letter'
    return Promise.resolve(verdictOfPolicy(policy, `no handler for '${text}'`))
  }
  const turn = port.turn(route)
  const answers = isRequest && !route.isEvent
  const handled =
    turn === undefined
      ? handle(port, arrival, route, answers)
      : turn.then(() => handle(port, arrival, route, answers))
  return handled.then((verdict) => {
    if (verdict.kind !== 'dead-letter') return verdict
    return placeDeadLetter(verdict, route.extras.dlq, arrival, port.producer)
  })
}

function handle(port: DeliveryPort, arrival: Arrival, route: Route, answers: boolean): Promise<Verdict> {
  const payload = read(port, route, arrival.message)
  if (payload instanceof Promise)
    return payload.then((one) => handlePayload(port, arrival, route, answers, one))
  return handlePayload(port, arrival, route, answers, payload)
}

function handlePayload(
  port: DeliveryPort,
  arrival: Arrival,
  route: Route,
  answers: boolean,
  payload: Payload,
): Promise<Verdict> {
  if ('refused' in payload) return refuse(port, arrival, route, answers, payload)
  const settlement = new Settlement()
  const context = contextOf(port, arrival, route, settlement)
  if (answers) return answer(port, route, payload.data, context)
  if (route.extras.batch === undefined) return consume(port, route, payload.data, context, settlement)
  const { size, waitMs = 50 } = route.extras.batch
  return port.batches.add(route, { size, waitMs }, { data: payload.data, context, settlement })
}

async function refuse(
  port: DeliveryPort,
  { message }: Arrival,
  route: Route,
  answers: boolean,
  { name, refused, policy }: Refused,
): Promise<Verdict> {
  const value: RemoteErrorFields = { name, message: refused }
  if (answers) await port.reply(message, { kind: 'error', value, ...first(message) }, route)
  return verdictOfPolicy(policy ?? 'dead-letter', refused)
}

export function contextOf(
  { producer }: Pick<DeliveryPort, 'producer'>,
  { message, plan, consumer, signal }: Arrival,
  route: Route,
  settlement: Settlement,
): RocketMQContext {
  return new RocketMQContext([
    message,
    { group: plan.group, pattern: route.text, consumer, producer, settlement, signal },
  ])
}

/**
 * Runs an event handler. In `auto` mode its end settles the message, unless it said something else through
 * the context; in `manual` mode only what it says, a throw, or the end of its time.
 */
export function consume(
  port: Pick<DeliveryPort, 'deadlines' | 'options' | 'runEvent'>,
  route: Route,
  data: unknown,
  context: RocketMQContext,
  settlement: Settlement,
): Promise<Verdict> {
  const { ackMode = 'auto', ackTimeoutMs = ACK_TIMEOUT_MS } = route.extras
  return new Promise((resolve) => {
    const deadline = settlement.startDeadline(port.deadlines, ackTimeoutMs, () => {
      resolve({ kind: 'retry', reason: `not settled within its time (ackTimeoutMs ${ackTimeoutMs})` })
    })
    const end = (verdict: Verdict): void => {
      deadline.cancel()
      resolve(verdict)
    }
    if (ackMode === 'manual') settlement.whenSettled(end)
    port.runEvent(route, data, context).then(
      () => ackMode === 'auto' && end(settlement.verdict ?? DONE),
      (error: unknown) => end(settlement.verdict ?? afterFailure(port.options, route, context, error)),
    )
  })
}

/** What the failure of a handler means for this message. */
export function afterFailure(
  { classifyError }: RocketMQServerOptions,
  route: Route,
  context: RocketMQContext,
  reported: unknown,
  original: unknown = originalError(context),
): Verdict {
  return verdictOfFailure({
    reported,
    original,
    attempt: context.getDeliveryAttempt(),
    attemptsMax: route.attemptsMax,
    policy: route.extras.retry ?? {},
    classify: classifyError,
  })
}

interface Refused {
  readonly name: string
  readonly refused: string
  readonly policy: MessagePolicy | undefined
}

type Payload = { readonly data: unknown } | Refused

function read(port: DeliveryPort, route: Route, message: MessageView): Payload | Promise<Payload> {
  const undecodable = (error: unknown): Payload => {
    const refused = `body cannot be decoded: ${errorText(error)}`
    return { name: 'BodyIllegal', refused, policy: port.options.onUndecodable }
  }
  let data: unknown
  try {
    data = port.decode(message, route)
  } catch (error) {
    return undecodable(error)
  }
  if (data instanceof Promise) return data.then((one) => checked(port, route, message, one), undecodable)
  return checked(port, route, message, data)
}

function checked(
  { options }: DeliveryPort,
  route: Route,
  message: MessageView,
  data: unknown,
): Payload | Promise<Payload> {
  const schema = route.schema ?? options.topics?.schemaFor(message.topic, message.tag)
  if (schema === undefined) return { data }
  return validate(schema, data, `payload of '${route.text}'`).then(
    (valid) => ({ data: valid }),
    (error) => ({ name: 'PayloadInvalid', refused: errorText(error), policy: options.onInvalid }),
  )
}

/**
 * A request is answered or retried, never both: after an error reply it is done, or dead if the handler said
 * so.
 */
async function answer(
  port: DeliveryPort,
  route: Route,
  data: unknown,
  context: RocketMQContext,
): Promise<Verdict> {
  const request = context.getMessage()
  let sent = 0
  const sequence = () => (takesStream(request) ? { sequence: sent++ } : {})
  const next = (value: unknown) => port.reply(request, { kind: 'next', value, ...sequence() }, route)
  const packet = await port.runRequest(route, data, context, takesStream(request) ? next : undefined)
  const { err, response: value } = packet
  if (err === undefined) {
    await port.reply(request, { kind: value === undefined ? 'empty' : 'value', value, ...sequence() }, route)
    return DONE
  }
  const verdict = afterFailure(port.options, route, context, err)
  // Who has had values of a stream is told of its failure: that answer cannot be taken back.
  if (err instanceof RetryLaterException && verdict.kind === 'retry' && sent === 0) return verdict
  await port.reply(request, { kind: 'error', value: errorFields(err), ...sequence() }, route)
  return err instanceof DeadLetterException ? verdict : DONE
}

const takesStream = (request: MessageView): boolean => request.properties[TAKES_STREAM] !== undefined

const first = (request: MessageView): Pick<Reply, 'sequence'> => (takesStream(request) ? { sequence: 0 } : {})
