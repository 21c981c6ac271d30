import type { WritePacket } from '@nestjs/microservices'
import type { MessageView } from '@rockhopper/client'
import type { BodyCodec } from './codec.js'
import { RocketMQContext } from './context.js'
import { type RemoteErrorFields, RetryLaterException } from './exceptions.js'
import type { NativeConsumer, NativeProducer } from './native.js'
import type { RocketMQServerOptions } from './options.js'
import { formatPattern } from './pattern.js'
import { type ReplyKind, wantsReply } from './properties.js'
import { errorFields } from './reply.js'
import { findRoute, type GroupPlan, type Route } from './routes.js'
import { DONE, errorText, type Verdict, verdictOf, verdictOfPolicy } from './verdict.js'

/** What delivering a message needs from the server. */
export interface DeliveryPort {
  readonly options: RocketMQServerOptions
  readonly producer: NativeProducer
  decode(message: MessageView, topic: string, codec: BodyCodec): Promise<unknown>
  /** Rejects with what the handler threw, after filters. */
  runEvent(route: Route, data: unknown, context: RocketMQContext): Promise<void>
  /** Resolves with the last value or the error; never rejects for a handler's failure. */
  runRequest(route: Route, data: unknown, context: RocketMQContext): Promise<WritePacket>
  /** Never rejects: the one who asked may be gone. */
  reply(request: MessageView, kind: ReplyKind, value: unknown, codec: BodyCodec): Promise<void>
}

/** Finds the handler of a message, runs it to its end and says what becomes of the message. */
export async function deliver(
  port: DeliveryPort,
  message: MessageView,
  plan: GroupPlan,
  consumer: NativeConsumer,
): Promise<Verdict> {
  const { topic } = message
  const isRequest = wantsReply(message.properties)
  const route = findRoute(plan.routes, topic, message.tag, isRequest)
  if (route === undefined) {
    const tags = message.tag === undefined ? [] : [message.tag]
    return verdictOfPolicy(
      port.options.onUnhandled ?? 'dead-letter',
      `no handler for '${formatPattern({ topic, tags })}'`,
    )
  }
  const answers = isRequest && !route.isEvent
  const context = new RocketMQContext([
    message,
    { group: plan.group, pattern: route.text, consumer, producer: port.producer },
  ])
  let data: unknown
  try {
    data = await port.decode(message, topic, route.codec)
  } catch (error) {
    const reason = `body cannot be decoded: ${errorText(error)}`
    if (answers)
      await port.reply(
        message,
        'error',
        { name: 'BodyIllegal', message: reason } satisfies RemoteErrorFields,
        route.codec,
      )
    return verdictOfPolicy(port.options.onUndecodable ?? 'dead-letter', reason)
  }
  return answers ? answer(port, route, data, context) : consume(port, route, data, context)
}

async function consume(
  port: DeliveryPort,
  route: Route,
  data: unknown,
  context: RocketMQContext,
): Promise<Verdict> {
  try {
    await port.runEvent(route, data, context)
    return DONE
  } catch (error) {
    return verdictOf(error)
  }
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
  const packet = await port.runRequest(route, data, context)
  if (packet.err === undefined) {
    await port.reply(request, packet.response === undefined ? 'empty' : 'value', packet.response, route.codec)
    return DONE
  }
  const verdict = verdictOf(packet.err)
  if (packet.err instanceof RetryLaterException) return verdict
  await port.reply(request, 'error', errorFields(packet.err), route.codec)
  return verdict.kind === 'dead-letter' ? verdict : DONE
}
