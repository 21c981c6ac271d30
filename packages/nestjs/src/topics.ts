import type { ClientRocketMQ, SendReceipt } from './client.js'
import { type HandlerDecorator, type HandlerOptions, RocketMQEvent, RocketMQMessage } from './decorators.js'
import { formatPattern, parseDestination } from './pattern.js'
import { RocketMQRecord } from './record.js'
import {
  type SchemaInput,
  type SchemaOutput,
  type TopicSchema,
  type TopicSchemas,
  validate,
  withSchema,
} from './topic-schema.js'

type SchemaMap = Readonly<Record<string, TopicSchema>>
type Names<S> = keyof S & string
/** A payload, or a record around it. */
type Given<Schema> = SchemaInput<Schema> | RocketMQRecord<SchemaInput<Schema>>

/** Sends payloads of known shape; one that its schema refuses is not sent. */
export interface TypedPublisher<S extends SchemaMap> {
  publish<Name extends Names<S>>(name: Name, data: Given<S[Name]>): Promise<SendReceipt>
  publishBatch<Name extends Names<S>>(name: Name, data: readonly Given<S[Name]>[]): Promise<SendReceipt[]>
  request<Result, Name extends Names<S> = Names<S>>(
    name: Name,
    data: Given<S[Name]>,
    options?: { readonly timeoutMs?: number },
  ): Promise<Result>
}

export interface RocketMQTopics<S extends SchemaMap> extends TopicSchemas {
  /** As `RocketMQEvent`; the handler's parameters are checked at compile time, the payload at run time. */
  Event<Name extends Names<S>>(name: Name, options?: HandlerOptions): HandlerDecorator<SchemaOutput<S[Name]>>
  /** As `RocketMQMessage`, with the same checks. */
  Message<Name extends Names<S>>(
    name: Name,
    options?: HandlerOptions,
  ): HandlerDecorator<SchemaOutput<S[Name]>>
  publisher(client: ClientRocketMQ): TypedPublisher<S>
}

/**
 * What travels in each topic, said once for both sides: `defineTopics({ 'order.created': schema })`, with any
 * Standard Schema. Given to a server as `topics`, it checks the payloads of every handler.
 * @throws RocketMQSetupError when a name is no pattern with at most one tag.
 */
export function defineTopics<const S extends SchemaMap>(schemas: S): RocketMQTopics<S> {
  const byText = new Map<string, TopicSchema>()
  for (const [name, schema] of Object.entries(schemas)) byText.set(textOf(name), schema)
  const options = (name: string, given: HandlerOptions): HandlerOptions => ({
    ...given,
    ...withSchema(schemas[name] as TopicSchema),
  })
  return {
    schemaFor: (topic, tag) =>
      byText.get(formatPattern({ topic, tags: tag === undefined ? [] : [tag] })) ?? byText.get(topic),
    Event: (name, given = {}) => RocketMQEvent(name, options(name, given)),
    Message: (name, given = {}) => RocketMQMessage(name, options(name, given)),
    publisher: (client) => typedPublisher(schemas, client),
  }
}

function typedPublisher<S extends SchemaMap>(schemas: S, client: ClientRocketMQ): TypedPublisher<S> {
  const checked = async (name: string, given: unknown): Promise<RocketMQRecord> => {
    const { data, options } = given instanceof RocketMQRecord ? given : new RocketMQRecord(given)
    return new RocketMQRecord(
      await validate(schemas[name] as TopicSchema, data, `publishing '${name}'`),
      options,
    )
  }
  return {
    publish: async (name, data) => client.publish(name, await checked(name, data)),
    publishBatch: async (name, data) => {
      return client.publishBatch(name, await Promise.all(data.map((one) => checked(name, one))))
    },
    request: async (name, data, options) => client.request(name, await checked(name, data), options),
  }
}

function textOf(name: string): string {
  const { topic, tag } = parseDestination(name)
  return formatPattern({ topic, tags: tag === undefined ? [] : [tag] })
}
