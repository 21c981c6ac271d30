import { type BodyOf, body, i32, i64, intMapOf, listOf, mapOf, optional, text } from '../json/shape.js'
import { SetMessageRequestModeRequestBody } from './queue-locks.js'

/** Code 200151 (remoting.md section 25.6). `b` is Base64 of Java's `BitSet.toByteArray`. */
export const BatchAckMessageRequestBody = body({
  acks: listOf(
    body({
      b: text(''),
      c: text(''),
      it: i64(),
      pt: i64(),
      q: i32(),
      r: text('0'),
      rq: i32(),
      so: i64(),
      t: text(''),
    }),
  ),
  brokerName: optional(text()),
})
export type BatchAckMessageRequestBody = BodyOf<typeof BatchAckMessageRequestBody>
export type BatchAck = BatchAckMessageRequestBody['acks'][number]

/** Body of a `ck` message in a revive queue (Apache: PopCheckPoint; remoting.md section 25.7). */
export const PopCheckPoint = body({
  bm: i32(),
  bn: optional(text()),
  c: optional(text()),
  d: listOf(i32()),
  it: i64(),
  n: i32(),
  pt: i64(),
  q: i32(),
  reviveTime: i64(),
  ro: i64(),
  rp: optional(text()),
  so: i64(),
  t: optional(text()),
})
export type PopCheckPoint = BodyOf<typeof PopCheckPoint>

/** Body of an `ack` message, and with `aol` of a `bAck` message (Apache: AckMsg, BatchAckMsg). */
export const PopAck = body({
  ao: i64(),
  aol: optional(listOf(i64())),
  bn: optional(text()),
  c: text(''),
  pt: i64(),
  q: i32(),
  so: i64(),
  t: text(''),
})
export type PopAck = BodyOf<typeof PopAck>

/** One queue of consumerOrderInfo.json (Apache: ConsumerOrderInfoManager.OrderInfo). */
export const OrderInfo = body({
  a: optional(text()),
  cm: i64(),
  i: optional(i64()),
  l: i64(),
  o: listOf(i64()),
  oc: optional(intMapOf(i32())),
  ot: optional(intMapOf(i64())),
  popTime: i64(),
})
export type OrderInfo = BodyOf<typeof OrderInfo>

/** consumerOrderInfo.json: `topic@group` to queue. */
export const ConsumerOrderInfoWrapper = body({ table: mapOf(intMapOf(OrderInfo)) })
export type ConsumerOrderInfoWrapper = BodyOf<typeof ConsumerOrderInfoWrapper>

/** messageRequestMode.json, also the answer to code 402: topic to group to mode. */
export const MessageRequestModeWrapper = body({
  messageRequestModeMap: mapOf(mapOf(SetMessageRequestModeRequestBody)),
})
export type MessageRequestModeWrapper = BodyOf<typeof MessageRequestModeWrapper>
