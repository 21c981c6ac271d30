import type { MessageQueue } from '@rockhopper/remoting'
import type { MessageView } from './message-view.js'

export const QUEUE: MessageQueue = { topic: 'T', brokerName: 'broker-a', queueId: 0 }

/** A pulled message of QUEUE. */
export function viewAt(queueOffset: number, over: Partial<MessageView> = {}): MessageView {
  return {
    topic: 'T',
    body: Buffer.from(`message ${queueOffset}`),
    properties: {},
    flag: 0,
    queueId: 0,
    queueOffset,
    physicalOffset: queueOffset * 100,
    sysFlag: 0,
    bodyCrc: 0,
    bornTimestamp: 0,
    bornHost: { address: '127.0.0.1', port: 1 },
    storeTimestamp: 0,
    storeHost: { address: '127.0.0.1', port: 10911 },
    reconsumeTimes: 0,
    preparedTransactionOffset: 0,
    storeSize: 100,
    messageId: `id-${queueOffset}`,
    offsetMessageId: `offset-${queueOffset}`,
    keys: [],
    brokerName: 'broker-a',
    messageQueue: QUEUE,
    ...over,
  }
}
