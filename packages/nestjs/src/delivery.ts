import type { WritePacket } from '@nestjs/microservices'
import type { MessageView } from '@rockhopper/client'
import type { Clock, Deadlines } from '@rockhopper/env'
import { isObservable } from 'rxjs'
import type { BatchCollector } from './batch-collector.js'
import { RocketMQContext } from './context.js'
import { placeDeadLetter } from './dead-letter.js'
import { DeadLetterException, type RemoteErrorFields, RetryLaterException } from './exceptions.js'
import { lastOf } from './handler-end.js'
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
  /** What the handler returns: also a promise, also of a stream. Fails with what it threw, after filters. */
  runEvent(route: Route, data: unknown, context: RocketMQContext): unknown
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
  /** To the log and the listeners. */
  report(arrival: Arrival, verdict: Exclude<Verdict, { kind: 'done' }>): void
  /** Never rejects: the one who asked may be gone. */
  reply(request: MessageView, reply: Reply, route: Route): Promise<void>
}

/** One message on its way to its handler. */
export interface Arrival {
  readonly message: MessageView
  readonly plan: GroupPlan
  readonly consumer: NativeConsumer
  /** Made when asked for. */
  readonly signal: AbortSignal
  /** What becomes of it. Only the first call counts. */
  end(verdict: Verdict): void
}

const ACK_TIMEOUT_MS = 15 * 60_000

/**
 * Finds the handler of a message, runs it to its end and says what becomes of the message. What nobody has to
 * wait for is not waited for, and a plain event takes no promise but its handler's: each await and each
 * promise costs a message as much as the rest of a step.
 */
export function deliver(port: DeliveryPort, arrival: Arrival): void {
  const { message, plan } = arrival
  const { topic, tag } = message
  const isRequest = wantsReply(message.properties)
  const route = findRoute(plan.routes, topic, tag, isRequest)
  if (route === undefined) {
    const text = formatPattern({ topic, tags: tag === undefined ? [] : [tag] })
    const policy = port.options.onUnhandled ?? 'dead-letter'
    return conclude(port, arrival, undefined, verdictOfPolicy(policy, `no handler for '${text}'`))
  }
  const turn = port.turn(route)
  const answers = isRequest && !route.isEvent
  if (turn === undefined) handle(port, arrival, route, answers)
  else whenThere(port, arrival, route, turn, () => handle(port, arrival, route, answers))
}

function handle(port: DeliveryPort, arrival: Arrival, route: Route, answers: boolean): void {
  const payload = read(port, route, arrival.message)
  if (!(payload instanceof Promise)) handlePayload(port, arrival, route, answers, payload)
  else whenThere(port, arrival, route, payload, (one) => handlePayload(port, arrival, route, answers, one))
}

function handlePayload(
  port: DeliveryPort,
  arrival: Arrival,
  route: Route,
  answers: boolean,
  payload: Payload,
): void {
  const concluding = (verdict: Verdict) => conclude(port, arrival, route, verdict)
  if ('refused' in payload)
    return whenThere(port, arrival, route, refuse(port, arrival, route, answers, payload), concluding)
  const settlement = new Settlement()
  const context = contextOf(port, arrival, route, settlement)
  const { data } = payload
  if (answers) return whenThere(port, arrival, route, answer(port, route, data, context), concluding)
  if (route.extras.batch === undefined) return consume(port, route, data, context, settlement, concluding)
  const { size, waitMs = 50 } = route.extras.batch
  const joined = port.batches.add(route, { size, waitMs }, { data, context, settlement })
  whenThere(port, arrival, route, joined, concluding)
}

/** Goes on when the promise is fulfilled. One that rejects is a failure of this delivery. */
function whenThere<T>(
  port: DeliveryPort,
  arrival: Arrival,
  route: Route,
  promise: Promise<T>,
  goOn: (value: T) => void,
): void {
  promise.then(goOn).catch((error: unknown) => {
    conclude(port, arrival, route, { kind: 'retry', reason: errorText(error) })
  })
}

/** Says what becomes of the message: to the log and the listeners unless it is done, and to who waits. */
function conclude(port: DeliveryPort, arrival: Arrival, route: Route | undefined, verdict: Verdict): void {
  if (verdict.kind === 'done') return arrival.end(verdict)
  const tell = (final: Verdict) => {
    if (final.kind !== 'done') port.report(arrival, final)
    arrival.end(final)
  }
  const dlq = route?.extras.dlq
  if (verdict.kind !== 'dead-letter' || dlq === undefined) return tell(verdict)
  void placeDeadLetter(verdict, dlq, arrival, port.producer).then(tell)
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

function contextOf(
  { producer }: DeliveryPort,
  arrival: Arrival,
  route: Route,
  settlement: Settlement,
): RocketMQContext {
  const { message, plan, consumer } = arrival
  const signal = () => arrival.signal
  return new RocketMQContext([
    message,
    { group: plan.group, pattern: route.text, consumer, producer, settlement, signal },
  ])
}

/**
 * Runs an event handler. In `auto` mode its end settles the message, unless it said something else through
 * the context; in `manual` mode only what it says, a throw, or the end of its time.
 */
function consume(
  port: DeliveryPort,
  route: Route,
  data: unknown,
  context: RocketMQContext,
  settlement: Settlement,
  end: (verdict: Verdict) => void,
): void {
  const { ackMode = 'auto', ackTimeoutMs: timeoutMs = ACK_TIMEOUT_MS } = route.extras
  settlement.begin({ deadlines: port.deadlines, timeoutMs, isManual: ackMode === 'manual', end })
  const failed = (error: unknown): void => {
    settlement.failed(() => afterFailure(port.options, route, context, error))
  }
  const ended = (value: unknown): void => {
    if (isObservable(value)) lastOf(value).then(() => settlement.handled(), failed)
    else settlement.handled()
  }
  try {
    const result = port.runEvent(route, data, context)
    if (result instanceof Promise) result.then(ended, failed)
    else ended(result)
  } catch (error) {
    failed(error)
  }
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
