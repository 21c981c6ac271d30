import { EventPattern, MessagePattern } from '@nestjs/microservices'
import type { RocketMQContext } from './context.js'
import { plainExtras, type RocketMQExtras } from './extras.js'
import type { HandlerPattern } from './pattern.js'
import { ROCKETMQ_TRANSPORT } from './transport.js'

/** Extras of a handler, and which strategy it belongs to when an application has several. */
export type HandlerOptions = RocketMQExtras & { readonly transport?: symbol }

/**
 * Handles events of a topic: `@RocketMQEvent('order_topic:created')`. Unlike `@EventPattern` of Nest 12 it is
 * a plain `MethodDecorator`, so a handler may take a typed context (`EventPattern` refuses that with TS1241).
 */
export function RocketMQEvent(
  pattern: HandlerPattern | readonly HandlerPattern[],
  options: HandlerOptions = {},
): MethodDecorator {
  const { transport = ROCKETMQ_TRANSPORT, ...extras } = options
  return EventPattern<unknown>(pattern, transport, plainExtras(extras))
}

/**
 * Answers requests: `@RocketMQMessage('inventory.quote')`. What the handler returns travels back to the
 * caller.
 */
export function RocketMQMessage(
  pattern: HandlerPattern | readonly HandlerPattern[],
  options: HandlerOptions = {},
): MethodDecorator {
  const { transport = ROCKETMQ_TRANSPORT, ...extras } = options
  return MessagePattern<unknown>(pattern, transport, plainExtras(extras))
}

/**
 * A decorator that checks the handler's parameters: the payload first, then our context; either may be left
 * out.
 */
export type HandlerDecorator<Data> = <Handler extends (data: Data, context: RocketMQContext) => unknown>(
  target: object,
  propertyKey: string | symbol,
  descriptor: TypedPropertyDescriptor<Handler>,
) => void

/**
 * The same decorators bound to a map from pattern to payload type, checked at compile time.
 *
 * ```ts
 * const { Event } = rocketMQHandlers<{ 'order_topic:created': OrderCreated }>()
 * class Orders { @Event('order_topic:created') created(order: OrderCreated, context: RocketMQContext) {} }
 * ```
 */
export function rocketMQHandlers<Payloads extends object>(): {
  Event<Pattern extends keyof Payloads & string>(
    pattern: Pattern,
    options?: HandlerOptions,
  ): HandlerDecorator<Payloads[Pattern]>
  Message<Pattern extends keyof Payloads & string>(
    pattern: Pattern,
    options?: HandlerOptions,
  ): HandlerDecorator<Payloads[Pattern]>
} {
  return { Event: RocketMQEvent, Message: RocketMQMessage }
}
