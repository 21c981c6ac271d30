import type { Env } from '@rockhopper/env'
import { decodeRecord, type MessageExt, Property, parseHost, parseProperties } from '@rockhopper/message'
import {
  ConsumeMessageDirectlyResult,
  type ConsumerData,
  ConsumerRunningInfo,
  GetConsumerStatusBody,
  type MessageQueue,
  ok,
  type Processors,
  type RequestHeader,
  ResetOffsetBody,
  ResponseCode,
  refuse,
} from '@rockhopper/remoting'
import type { Background } from './background.js'
import type { TransactionCheckRequest } from './producing/transaction-end.js'
import { decompressed } from './received-message.js'

/** Largest reply body after decompression. */
const REPLY_SIZE_MAX = 64 * 1024 * 1024

/** A producer group as brokers may call it. */
export interface ProducerMember {
  readonly group: string
  readonly replyArrived: (reply: MessageExt) => void
  /** A broker asks about a transaction; absent where only plain messages are sent. */
  readonly checkTransaction?: (request: TransactionCheckRequest) => void
}

export type QueueOffsets = readonly (readonly [MessageQueue, number])[]

/** A consumer group as brokers may call it. */
export interface ConsumerMember {
  readonly group: string
  heartbeat(): ConsumerData
  /** Membership changed: queues may have to move. */
  idsChanged(): void
  /** The connection to a broker broke: what the broker held in memory for this member may be gone. */
  connectionClosed(address: string): void
  /** Consume from here on; calls still running must not move offsets any more. */
  resetOffsets(topic: string, offsets: QueueOffsets): Promise<void>
  /** Progress per queue of a topic. */
  status(topic: string): QueueOffsets
  runningInfo(): ConsumerRunningInfo
  consumeDirectly(record: MessageExt, brokerName: string): Promise<ConsumeMessageDirectlyResult>
}

export interface BrokerCallParts {
  readonly env: Pick<Env, 'clock' | 'compute' | 'log'>
  readonly clientId: string
  readonly background: Background
  readonly producers: ReadonlyMap<string, ProducerMember>
  readonly consumers: ReadonlyMap<string, ConsumerMember>
}

/**
 * What brokers ask of a client (Apache: ClientRemotingProcessor). Each answers quickly; work goes on in the
 * background.
 */
export function brokerCallHandlers(parts: BrokerCallParts): Processors {
  const { env, producers, consumers, background } = parts
  const unknownGroup = (group: string) =>
    refuse(ResponseCode.SYSTEM_ERROR, `the consumer group <${group}> is not at client ${parts.clientId}`)
  return {
    NOTIFY_CONSUMER_IDS_CHANGED: ({ consumerGroup }) => {
      consumers.get(consumerGroup)?.idsChanged()
      return ok()
    },
    RESET_CONSUMER_CLIENT_OFFSET: ({ topic, group }, { body }) => {
      const member = consumers.get(group)
      if (member !== undefined && body !== undefined) {
        background.run('reset offsets', () =>
          member.resetOffsets(topic, ResetOffsetBody.decode(body).offsetTable),
        )
      }
      return ok()
    },
    GET_CONSUMER_STATUS_FROM_CLIENT: ({ topic, group }) => {
      const member = consumers.get(group)
      return member === undefined ? unknownGroup(group) : ok({}, statusBody(member.status(topic)))
    },
    GET_CONSUMER_RUNNING_INFO: ({ consumerGroup }) => {
      const member = consumers.get(consumerGroup)
      return member === undefined
        ? unknownGroup(consumerGroup)
        : ok({}, ConsumerRunningInfo.encode(member.runningInfo()))
    },
    CONSUME_MESSAGE_DIRECTLY: async ({ consumerGroup, brokerName }, { body }) => {
      const member = consumers.get(consumerGroup)
      if (member === undefined) return unknownGroup(consumerGroup)
      const decoded = body === undefined ? undefined : decodeRecord(body, 0)
      if (!decoded?.ok)
        return refuse(ResponseCode.SYSTEM_ERROR, `no record in the request: ${decoded?.reason ?? 'no body'}`)
      return ok(
        {},
        ConsumeMessageDirectlyResult.encode(await member.consumeDirectly(decoded.value, brokerName ?? '')),
      )
    },
    PUSH_REPLY_MESSAGE_TO_CLIENT: (header, { body }) => {
      const reply = replyOf(header, body, env.clock.now())
      background.run('reply', async () => {
        const readable = await decompressed(reply, env.compute, REPLY_SIZE_MAX)
        for (const producer of producers.values()) producer.replyArrived(readable)
      })
      return ok()
    },
    CHECK_TRANSACTION_STATE: (header, { body, connection }) => {
      const decoded = body === undefined ? undefined : decodeRecord(body, 0)
      if (!decoded?.ok) {
        return refuse(ResponseCode.SYSTEM_ERROR, `no record in the request: ${decoded?.reason ?? 'no body'}`)
      }
      const group = decoded.value.properties[Property.PGROUP] ?? ''
      const check = producers.get(group)?.checkTransaction
      // Only a transaction producer can tell; the broker asks another member of the group in its next round.
      if (check === undefined)
        env.log.warn('client.transaction.noChecker', { clientId: parts.clientId, group })
      check?.({ header, record: decoded.value, connection })
      return ok()
    },
  }
}

/** The member fills one table only; the broker joins the tables of all members in the other. */
const statusBody = (messageQueueTable: QueueOffsets): Buffer =>
  GetConsumerStatusBody.encode({ messageQueueTable, consumerTable: new Map() })

/** remoting.md section 24, step 4. */
function replyOf(
  header: RequestHeader<'PUSH_REPLY_MESSAGE_TO_CLIENT'>,
  body: Buffer | undefined,
  now: number,
): MessageExt {
  const properties = parseProperties(header.properties ?? '')
  properties[Property.ARRIVE_TIME] = String(now)
  const nowhere = { address: '0.0.0.0', port: 0 }
  return {
    topic: header.topic,
    body: body ?? Buffer.alloc(0),
    properties,
    flag: header.flag,
    queueId: header.queueId,
    queueOffset: 0,
    physicalOffset: 0,
    sysFlag: header.sysFlag,
    bodyCrc: 0,
    bornTimestamp: header.bornTimestamp,
    bornHost: parseHost(header.bornHost) ?? nowhere,
    storeTimestamp: header.storeTimestamp,
    storeHost: parseHost(header.storeHost) ?? nowhere,
    reconsumeTimes: header.reconsumeTimes ?? 0,
    preparedTransactionOffset: 0,
    storeSize: body?.length ?? 0,
  }
}
