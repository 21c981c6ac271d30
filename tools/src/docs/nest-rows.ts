/** What the transport promises, row by row: Nest's conventions and what ours does about them. */
export const NEST_ROWS: Readonly<Record<string, readonly [section: string, rows: readonly string[]]>> = {
  B1: [
    'Server',
    [
      '`ServerRocketMQ` is a strategy for `createMicroservice` and `connectMicroservice`',
      '`listen` calls back exactly once, with the error when no name server answers',
      '`close` may come twice, and before `listen`',
      'the transport id is a global symbol, which keeps handlers of other transports and clusters out',
      '`status` is a replayed, distinct stream, which also tells of lost connections and rebalances',
      '`on` takes typed listeners, also before `listen`',
      '`unwrap` gives producer, consumers and admin, and a clear error before `listen`',
      'two handlers that would answer one request are refused',
      'patterns: text, tags, objects, SQL92, lists; one parser, property-tested',
      'regular expressions match topics of the cluster, also ones that appear later',
      'typed extras; unknown names and wrong values fail at start-up',
      'a handler that names the message more closely goes first; of regular expressions the first registered',
      'a message is acknowledged only after its handler ended',
      'failures of event handlers are logged with message id, group and attempt',
      'the processing hooks run once per message, also after an error',
      'a stream that ends empty is a success',
      'a stream of replies travels value by value, in order',
      "Nest's own serializer and deserializer options hold",
      'one context object per delivery; request-scoped and durable providers work',
      'each group has its own outcome; two event handlers of one group on one message are refused',
    ],
  ],
  B21: [
    'Context, payload, serialisation',
    [
      'the context tells all facts of a delivery',
      'settlement on the context: ack, retry, deadLetter, extendInvisible, skip; two of them throw',
      'pipes, property extraction and schemas check payloads; a refusal can be dead-lettered without retry',
      'bodies are plain; a foreign message needs no envelope',
      'serializers and deserializers may be asynchronous',
      'metadata of a dispatch hook and W3C trace context travel as properties, both ways',
      'a record builder puts tag, keys, properties, delay and order key beside a payload',
      'a body that cannot be decoded goes where the policy says and kills nothing',
      'missing pattern or data is refused; an empty body is said with a record',
    ],
  ],
  B30: [
    'Typing under strict',
    [
      'own decorators are plain method decorators, and typed ones check the payload',
      'the way round TS1241 is on the first page of the README',
      'every form of the decorators is compiled on Nest 11 and 12',
    ],
  ],
  B33: [
    'Errors, retries, filters',
    [
      'RetryLaterException, DeadLetterException, IgnoreMessageException reach the strategy as they are',
      'the original error is kept for policies, logs and dead letters',
      'errors are told apart: by list, predicate or decorator',
      'global and local filters, pipes, guards and interceptors work; a filter that swallows means success',
      'hybrid applications inherit global enhancers by default',
      'errors of requests travel as data; answered or retried, never both',
    ],
  ],
  B39: [
    'Client proxy',
    [
      'calls share one attempt to connect; a failed one is forgotten',
      'teardown ends a request; closing fails what waits',
      'a send resolves with the receipt of the broker',
      'publish, publishBatch, request and transaction cannot fail unnoticed; `publishError` tells of emit',
      '`send` is cold; `request` has a time limit of its own',
      'requests need no registration and no topic for replies',
      'groups and client ids are used as given',
      '`ClientsModule` takes it as customClass, synchronously and asynchronously',
      '`close` takes a signal and may come twice',
      '`RocketMQModule` builds server and clients in the container',
      'a client has no consumers and no groups',
      '`unwrap`, `on` and `status` exist on the client, too',
    ],
  ],
  B51: [
    'Life cycle, health, tools',
    [
      'nothing is pulled before the application has started, whatever the order; or before resume()',
      'intake stops first, running handlers are waited for, the rest is given back',
      'work in flight is counted: what ends in time is neither lost nor doubled',
      'health: liveness, readiness, lag; with @nestjs/terminus',
      'configuration by a schema and by environment variables',
      'extras are serialisable',
      "everything is said through Nest's logger, structured",
      'testing: an embedded broker, and messages given straight to a handler',
      'nothing happens before listen: REPL and preview are safe',
      'several servers in one process share nothing and close at the same time',
    ],
  ],
}

export interface NestRow {
  readonly id: string
  readonly section: string
  readonly text: string
}

export function nestRows(): NestRow[] {
  return Object.entries(NEST_ROWS).flatMap(([first, [section, rows]]) => {
    const from = Number(first.slice(1))
    return rows.map((text, index) => ({ id: `B${from + index}`, section, text }))
  })
}
