import { isMqError, parseOffsetMessageId } from '@rockhopper/message'
import {
  GetConsumerStatusBody,
  ok,
  type Processors,
  type Reply,
  type RequestHeader,
  ResponseCode,
  refuse,
} from '@rockhopper/remoting'
import type { ClientChannel } from '../client-channel.js'
import type { BrokerParts } from '../parts.js'

/** How long a consumer has to answer a tool (Apache: AdminBrokerProcessor.callConsumer). */
const ANSWER_TIMEOUT_MS = 10_000

type Forwarded = 'GET_CONSUMER_RUNNING_INFO' | 'CONSUME_MESSAGE_DIRECTLY'

/** Codes 307, 309 and 223: questions of tools that only a consumer can answer. */
export function clientForwarding(parts: BrokerParts): Processors {
  return {
    GET_CONSUMER_RUNNING_INFO: (header) => forward(parts, 'GET_CONSUMER_RUNNING_INFO', header, undefined),
    CONSUME_MESSAGE_DIRECTLY: async (header) => {
      const id = parseOffsetMessageId(header.msgId ?? '')
      const record = id && (await parts.store.lookMessageByOffset(id.physicalOffset))
      const found = { ...header, brokerName: parts.config.brokerName }
      return forward(parts, 'CONSUME_MESSAGE_DIRECTLY', found, record)
    },
    INVOKE_BROKER_TO_GET_CONSUMER_STATUS: (header) => consumerStatus(parts, header),
  }
}

async function forward<N extends Forwarded>(
  { consumers }: BrokerParts,
  name: N,
  header: RequestHeader<N> & { readonly clientId?: string | undefined; readonly consumerGroup: string },
  body: Buffer | undefined,
): Promise<Reply<N>> {
  const { clientId = '', consumerGroup } = header
  const client = consumers.findClient(consumerGroup, clientId)
  if (client === undefined) {
    return refuse(ResponseCode.SYSTEM_ERROR, `The Consumer <${consumerGroup}> <${clientId}> not online`)
  }
  try {
    const answer = await client.connection.invoke(name, header, body, { timeoutMs: ANSWER_TIMEOUT_MS })
    return { code: answer.code, remark: answer.remark, body: answer.body }
  } catch (error) {
    if (!isMqError(error)) throw error
    const timedOut = error.code === 'REQUEST_TIMEOUT'
    const code = timedOut ? ResponseCode.CONSUME_MSG_TIMEOUT : ResponseCode.SYSTEM_ERROR
    return refuse(code, `consumer <${consumerGroup}> <${clientId}>: ${error.message}`)
  }
}

async function consumerStatus(
  { consumers }: BrokerParts,
  { clientAddr, group, topic }: RequestHeader<'INVOKE_BROKER_TO_GET_CONSUMER_STATUS'>,
) {
  const members = [...(consumers.get(group)?.channels.values() ?? [])]
  const asked = clientAddr ? members.filter(({ clientId }) => clientId === clientAddr) : members
  if (asked.length === 0)
    return refuse(ResponseCode.SYSTEM_ERROR, `No Any Consumer online in the consumer group: [${group}]`)
  const ask = async ({ clientId, connection }: ClientChannel) => {
    const options = { timeoutMs: ANSWER_TIMEOUT_MS }
    const answer = await connection.invoke(
      'GET_CONSUMER_STATUS_FROM_CLIENT',
      { topic, group },
      undefined,
      options,
    )
    return [clientId, GetConsumerStatusBody.decode(answer.body).messageQueueTable] as const
  }
  const consumerTable = new Map(await Promise.all(asked.map(ask)))
  return ok({}, GetConsumerStatusBody.encode({ consumerTable, messageQueueTable: [] }))
}
