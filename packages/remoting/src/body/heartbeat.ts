import { type BodyOf, body, flag, i32, i64, listOf, mapOf, oneOf, optional, text } from '../json/shape.js'

/** remoting.md section 14. `codeSet` holds Java hash codes of the tags. */
export const SubscriptionData = body({
  classFilterMode: flag(),
  codeSet: listOf(i32()),
  expressionType: text('TAG'),
  subString: text('*'),
  subVersion: i64(),
  tagsSet: listOf(text()),
  topic: text(),
})
export type SubscriptionData = BodyOf<typeof SubscriptionData>

const consumeType = oneOf('CONSUME_PASSIVELY', 'CONSUME_ACTIVELY', 'CONSUME_POP')
const messageModel = oneOf('CLUSTERING', 'BROADCASTING')
const consumeFromWhere = oneOf(
  'CONSUME_FROM_LAST_OFFSET',
  'CONSUME_FROM_FIRST_OFFSET',
  'CONSUME_FROM_TIMESTAMP',
  // Deprecated names that Java still parses.
  'CONSUME_FROM_LAST_OFFSET_AND_FROM_MIN_WHEN_BOOT_FIRST',
  'CONSUME_FROM_MIN_OFFSET',
  'CONSUME_FROM_MAX_OFFSET',
)

export const ConsumerData = body({
  consumeFromWhere,
  consumeType,
  groupName: text(),
  messageModel,
  subscriptionDataSet: listOf(SubscriptionData),
  unitMode: flag(),
})
export type ConsumerData = BodyOf<typeof ConsumerData>

/** Code 34. */
export const HeartbeatData = body({
  clientID: text(),
  consumerDataSet: listOf(ConsumerData),
  heartbeatFingerprint: i32(),
  producerDataSet: listOf(body({ groupName: text() })),
  withoutSub: flag(),
})
export type HeartbeatData = BodyOf<typeof HeartbeatData>

const ClientConnection = body({
  clientAddr: text(''),
  clientId: text(''),
  language: optional(text()),
  version: i32(),
})

/** Code 203. */
export const ConsumerConnection = body({
  connectionSet: listOf(ClientConnection),
  consumeFromWhere,
  consumeType,
  messageModel,
  subscriptionTable: mapOf(SubscriptionData),
})
export type ConsumerConnection = BodyOf<typeof ConsumerConnection>

/** Code 204. */
export const ProducerConnection = body({ connectionSet: listOf(ClientConnection) })
export type ProducerConnection = BodyOf<typeof ProducerConnection>

/** Code 328. */
export const ProducerTableInfo = body({
  data: mapOf(
    listOf(
      body({
        clientId: text(''),
        language: optional(text()),
        lastUpdateTimestamp: i64(),
        remoteIP: text(''),
        version: i32(),
      }),
    ),
  ),
})
export type ProducerTableInfo = BodyOf<typeof ProducerTableInfo>

/** Code 46. */
export const CheckClientRequestBody = body({
  clientId: text(''),
  group: text(''),
  namespace: optional(text()),
  subscriptionData: SubscriptionData,
})
export type CheckClientRequestBody = BodyOf<typeof CheckClientRequestBody>

/** Code 345. */
export const QuerySubscriptionResponseBody = body({
  group: text(),
  subscriptionData: optional(SubscriptionData),
  topic: text(),
})
export type QuerySubscriptionResponseBody = BodyOf<typeof QuerySubscriptionResponseBody>

/** Code 38. */
export const ConsumerIdList = body({ consumerIdList: listOf(text()) })
export type ConsumerIdList = BodyOf<typeof ConsumerIdList>
