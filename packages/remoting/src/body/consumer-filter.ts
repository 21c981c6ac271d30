import { type BodyOf, body, flag, i32, i64, listOf, mapOf, optional, text } from '../json/shape.js'

/** One group's expression for one topic (Apache: ConsumerFilterData). */
export const ConsumerFilterData = body({
  /** Where Apache's bitmaps, off by default, mark a message for this filter. */
  bloomFilterData: optional(body({ bitNum: i32(), bitPos: listOf(i32()) })),
  bornTime: i64(),
  /** The subVersion of the subscription. */
  clientVersion: i64(),
  consumerGroup: text(),
  dead: flag(),
  deadTime: i64(),
  expression: text(),
  expressionType: text('SQL92'),
  topic: text(),
})
export type ConsumerFilterData = BodyOf<typeof ConsumerFilterData>

/** The file config/consumerFilter.json (Apache: ConsumerFilterManager). */
export const ConsumerFilterWrapper = body({
  filterDataByTopic: mapOf(body({ groupFilterData: mapOf(ConsumerFilterData), topic: text('') })),
})
export type ConsumerFilterWrapper = BodyOf<typeof ConsumerFilterWrapper>
