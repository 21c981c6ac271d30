import { decodeRecord, type MessageExt } from '@rockhopper/message'
import type { RemotingClient, RequestHeader } from '@rockhopper/remoting'
import { type BrokerUnderTest, heartbeat, type SendOptions } from '../broker.fixture.js'

export const COMMIT = 8
export const ROLLBACK = 12
export const UNKNOWN = 0

export type Check = RequestHeader<'CHECK_TRANSACTION_STATE'> & { readonly message: MessageExt }

/** Where a half message lies. */
export interface HalfMessage {
  readonly queueOffset: number
  readonly physicalOffset: number
  readonly uniqueKey: string
}

export async function sendHalf(each: BrokerUnderTest, uniqueKey: string, options: SendOptions = {}) {
  const properties = { UNIQ_KEY: uniqueKey, TRAN_MSG: 'true', PGROUP: 'pg', ...options.properties }
  const header = { sysFlag: 4, bornTimestamp: each.clock.now(), ...options.header }
  return each.send({ body: uniqueKey, ...options, properties, header })
}

export async function half(
  each: BrokerUnderTest,
  uniqueKey: string,
  options?: SendOptions,
): Promise<HalfMessage> {
  const { code, remark, header } = await sendHalf(each, uniqueKey, options)
  if (code !== 0) throw new Error(`half message refused: ${code} ${remark}`)
  const physicalOffset = Number.parseInt((header.msgId ?? '').slice(-16), 16)
  return { queueOffset: header.queueOffset ?? -1, physicalOffset, uniqueKey }
}

export async function end(
  { broker, client }: BrokerUnderTest,
  { queueOffset, physicalOffset, uniqueKey }: HalfMessage,
  commitOrRollback: number,
  header: Partial<RequestHeader<'END_TRANSACTION'>> = {},
): Promise<number> {
  const response = await client.invoke(broker.address, 'END_TRANSACTION', {
    producerGroup: 'pg',
    tranStateTableOffset: queueOffset,
    commitLogOffset: physicalOffset,
    commitOrRollback,
    fromTransactionCheck: false,
    msgId: uniqueKey,
    transactionId: uniqueKey,
    ...header,
  })
  return response.code
}

/** A member of group `pg` that notes what it is asked. */
export async function producer(
  each: BrokerUnderTest,
  clientID: string,
): Promise<{ client: RemotingClient; checks: Check[] }> {
  const checks: Check[] = []
  const client = each.connect({
    CHECK_TRANSACTION_STATE: (header, { body }) => {
      const decoded = decodeRecord(body ?? Buffer.alloc(0), 0)
      if (!decoded.ok) throw new Error(decoded.reason)
      checks.push({ ...header, message: decoded.value })
      return { code: 0 }
    },
  })
  await heartbeat(client, each.broker.address, { clientID, producerDataSet: [{ groupName: 'pg' }] })
  return { client, checks }
}

export function placeOf(check: Check): HalfMessage {
  return {
    queueOffset: check.tranStateTableOffset,
    physicalOffset: check.commitLogOffset,
    uniqueKey: check.msgId ?? '',
  }
}

/** Bodies that a consumer sees. */
export async function visible(each: BrokerUnderTest, topic = 'TopicTest'): Promise<string[]> {
  const bodies: string[] = []
  for (let queueOffset = 0; ; ) {
    const { code, header, messages } = await each.pull({ topic, queueOffset })
    for (const { body } of messages) bodies.push(body.toString())
    if (code !== 0) return bodies
    queueOffset = header.nextBeginOffset ?? queueOffset + 1
  }
}
