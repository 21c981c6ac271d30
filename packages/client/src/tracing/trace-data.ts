/**
 * The text of traces (remoting.md section 26; Apache: TraceDataEncoder). Fields are joined by U+0001, records
 * end with U+0002.
 */
const FIELD = '\u0001'
const RECORD = '\u0002'

/** Apache: MessageType, by ordinal. */
export const TRACE_MESSAGE_TYPE = { NORMAL: 0, TRANS_HALF: 1, TRANS_COMMIT: 2, DELAY: 3, ORDER: 4 } as const

/** Apache: ConsumeReturnType, by ordinal. */
export const TRACE_OUTCOME = { SUCCESS: 0, TIME_OUT: 1, EXCEPTION: 2, RETURN_NULL: 3, FAILED: 4 } as const

export interface TracedMessage {
  readonly messageId: string
  readonly tag: string
  /** KEYS as on the wire: joined by a space. */
  readonly keys: string
}

export interface PubTrace extends TracedMessage {
  /** Ms since 1970, of the start of the send. */
  readonly timestamp: number
  readonly regionId: string
  readonly producerGroup: string
  readonly topic: string
  /** `host:port` of the broker. */
  readonly storeHost: string
  readonly bodySize: number
  readonly costMs: number
  readonly messageType: number
  readonly offsetMessageId: string
  readonly success: boolean
}

export interface SubTrace {
  readonly timestamp: number
  readonly regionId: string
  readonly consumerGroup: string
  /** Joins the record before a listener call with the one after it. */
  readonly requestId: string
  readonly messageId: string
  readonly reconsumeTimes: number
  readonly keys: string
}

const record = (...fields: readonly (string | number | boolean)[]): string => fields.join(FIELD) + RECORD

export const pubRecord = (trace: PubTrace): string =>
  record(
    'Pub',
    trace.timestamp,
    trace.regionId,
    trace.producerGroup,
    trace.topic,
    trace.messageId,
    trace.tag,
    trace.keys,
    trace.storeHost,
    trace.bodySize,
    trace.costMs,
    trace.messageType,
    trace.offsetMessageId,
    trace.success,
  )

export const subBeforeRecord = (trace: SubTrace): string =>
  record(
    'SubBefore',
    trace.timestamp,
    trace.regionId,
    trace.consumerGroup,
    trace.requestId,
    trace.messageId,
    trace.reconsumeTimes,
    trace.keys,
  )

export const subAfterRecord = (
  trace: SubTrace,
  end: { readonly costMs: number; readonly success: boolean; readonly outcome: number },
): string =>
  record(
    'SubAfter',
    trace.requestId,
    trace.messageId,
    end.costMs,
    end.success,
    trace.keys,
    end.outcome,
    trace.timestamp,
    trace.consumerGroup,
  )
