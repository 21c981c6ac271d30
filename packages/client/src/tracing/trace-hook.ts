import { createUniqueIdSource, type Message, messageProperties, Property } from '@rockhopper/message'
import type { ClientHook, ListenerCall, ListenerCallEnd, SendAttempt, SendEnd } from '../client-hook.js'
import type { ClientInstance } from '../client-instance.js'
import {
  pubRecord,
  type SubTrace,
  subAfterRecord,
  subBeforeRecord,
  TRACE_MESSAGE_TYPE,
  TRACE_OUTCOME,
} from './trace-data.js'
import { TraceDispatcher } from './trace-dispatcher.js'

/** Apache: TopicValidator.RMQ_SYS_TRACE_TOPIC. */
export const TRACE_TOPIC = 'RMQ_SYS_TRACE_TOPIC'
/** What a message is said to come from when the broker did not say. */
const DEFAULT_REGION = 'DefaultRegion'

let dispatchers = 0

/**
 * Writes traces of all that this client sends or consumes, as Apache's client does, so that
 * `mqadmin queryMsgTraceById` and the dashboard show them. The returned function sends what still waits.
 */
export function startTracing(
  instance: ClientInstance,
  group: string,
  type: 'PRODUCE' | 'CONSUME',
  topic: string = TRACE_TOPIC,
): () => Promise<void> {
  const producerGroup = `_INNER_TRACE_PRODUCER-${group}-${type}-${++dispatchers}`
  const dispatcher = new TraceDispatcher(instance, producerGroup.slice(0, 120), topic)
  instance.hooks.add(type === 'PRODUCE' ? pubHook(instance, dispatcher) : subHook(instance, dispatcher))
  return () => dispatcher.flush()
}

function pubHook({ env }: ClientInstance, dispatcher: TraceDispatcher): ClientHook {
  return {
    afterSend: (attempt: SendAttempt, end: SendEnd) => {
      // A one-way send has no end to tell of.
      if (attempt.oneway || end.untraced === true) return
      const { message, messageId, messageQueue } = attempt
      const properties = messageProperties(message)
      const keys = properties[Property.KEYS] ?? ''
      const text = pubRecord({
        timestamp: env.clock.now() - Math.round(end.costMs),
        regionId: end.regionId ?? DEFAULT_REGION,
        producerGroup: attempt.producerGroup,
        topic: messageQueue.topic,
        messageId,
        tag: properties[Property.TAGS] ?? '',
        keys,
        storeHost: attempt.brokerAddress,
        bodySize: attempt.bodySize,
        costMs: Math.round(end.costMs),
        messageType: messageTypeOf(message, properties),
        offsetMessageId: end.result?.offsetMessageId ?? '',
        success: end.result?.status === 'SEND_OK',
      })
      dispatcher.add(text, [...messageId.split(','), ...words(keys)])
    },
  }
}

function messageTypeOf(message: Message, properties: Readonly<Record<string, string | undefined>>): number {
  if (properties[Property.TRAN_MSG] === 'true') return TRACE_MESSAGE_TYPE.TRANS_HALF
  if ((message.delayTimeLevel ?? 0) > 0) return TRACE_MESSAGE_TYPE.DELAY
  return message.shardingKey === undefined ? TRACE_MESSAGE_TYPE.NORMAL : TRACE_MESSAGE_TYPE.ORDER
}

function subHook({ env }: ClientInstance, dispatcher: TraceDispatcher): ClientHook {
  const nextId = createUniqueIdSource(env)
  const open = new WeakMap<ListenerCall, readonly SubTrace[]>()
  return {
    beforeConsume: (call) => {
      const requestId = nextId()
      const timestamp = env.clock.now()
      const traces = call.messages
        .filter((message) => message.properties[Property.TRACE_ON] !== 'false')
        .map((message) => ({
          timestamp,
          regionId: message.properties[Property.MSG_REGION] ?? DEFAULT_REGION,
          consumerGroup: call.consumerGroup,
          requestId,
          messageId: message.messageId,
          reconsumeTimes: message.reconsumeTimes,
          keys: message.keys.join(' '),
        }))
      open.set(call, traces)
      tell(dispatcher, traces, subBeforeRecord)
    },
    afterConsume: (call, end) => {
      const traces = open.get(call) ?? []
      const costMs = Math.round(end.costMs / Math.max(1, call.messages.length))
      const facts = { costMs, success: end.outcome === 'SUCCESS', outcome: OUTCOME[end.outcome] }
      tell(dispatcher, traces, (trace) => subAfterRecord(trace, facts))
    },
  }
}

const OUTCOME: Readonly<Record<ListenerCallEnd['outcome'], number>> = {
  SUCCESS: TRACE_OUTCOME.SUCCESS,
  TIME_OUT: TRACE_OUTCOME.TIME_OUT,
  EXCEPTION: TRACE_OUTCOME.EXCEPTION,
  RECONSUME_LATER: TRACE_OUTCOME.FAILED,
}

function tell(
  dispatcher: TraceDispatcher,
  traces: readonly SubTrace[],
  write: (trace: SubTrace) => string,
): void {
  if (traces.length === 0) return
  const keys = traces.flatMap((trace) => [trace.messageId, ...words(trace.keys)])
  dispatcher.add(traces.map(write).join(''), keys)
}

const words = (keys: string): readonly string[] => keys.split(' ').filter((key) => key !== '')
