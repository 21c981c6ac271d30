import { command, onWire, opt, req } from './field.js'

// remoting.md section 7.1: the data path.

const topic = req.string('Topic name.')
const queueId = req.i32('Queue in that topic.')
const consumerGroup = req.string('Consumer group.')

const SEND_REQUEST = {
  producerGroup: req.string('Producer group.'),
  topic,
  defaultTopic: req.string('Topic whose settings an auto-created topic takes, TBW102.'),
  defaultTopicQueueNums: req.i32('Most queues an auto-created topic gets.'),
  queueId: req.i32('Queue in that topic; -1 lets the broker choose.'),
  sysFlag: req.i32('Message system flag, remoting.md section 12.'),
  bornTimestamp: req.i64('When the producer made the message, ms since 1970.'),
  flag: req.i32('Application bits of the message.'),
  properties: opt.string('Message properties, remoting.md section 11.'),
  reconsumeTimes: opt.i32('How often the message was consumed already.'),
  unitMode: opt.bool('Unit mode of the producer.'),
  batch: opt.bool('The body is a batch.'),
  maxReconsumeTimes: opt.i32('Retry limit of the consumer that sends the message back.'),
} as const

/** remoting.md section 9.1 (Apache: SendMessageRequestHeaderV2). */
const SEND_REQUEST_V2 = onWire(
  { ...SEND_REQUEST, bname: opt.string('Name of the broker the client believes it addresses.') },
  {
    producerGroup: 'a',
    topic: 'b',
    defaultTopic: 'c',
    defaultTopicQueueNums: 'd',
    queueId: 'e',
    sysFlag: 'f',
    bornTimestamp: 'g',
    flag: 'h',
    properties: 'i',
    reconsumeTimes: 'j',
    unitMode: 'k',
    maxReconsumeTimes: 'l',
    batch: 'm',
    bname: 'n',
  },
)

const SEND_RESPONSE = {
  msgId: req.string('Offset message id; comma-joined for a batch.'),
  queueId,
  queueOffset: req.i64('Queue offset of the (first) message.'),
  transactionId: opt.string('UNIQ_KEY of the message.'),
  batchUniqId: opt.string('UNIQ_KEY of an inner batch.'),
  recallHandle: opt.string('Handle to recall a timer message.'),
  MSG_REGION: opt.string('Region of the broker. Java clients read it without a null check.'),
  TRACE_ON: opt.bool('Whether the producer should trace. Java clients read it without a null check.'),
} as const

/** 10 FLUSH_DISK_TIMEOUT, 11 SLAVE_NOT_AVAILABLE and 12 FLUSH_SLAVE_TIMEOUT are sends that happened. */
const SEND_HEADER_ON = [0, 10, 11, 12]

const PULL_REQUEST = {
  consumerGroup,
  topic,
  queueId,
  queueOffset: req.i64('First queue offset wanted.'),
  maxMsgNums: req.i32('Most messages wanted.'),
  sysFlag: req.i32('Pull system flag, remoting.md section 12.'),
  commitOffset: req.i64('Consumer offset to store when the flag says so.'),
  suspendTimeoutMillis: req.i64saturate('How long the broker may hold the request, ms.'),
  subscription: opt.string('Filter expression.'),
  subVersion: req.i64('Version of the subscription.'),
  expressionType: opt.string('TAG or SQL92.'),
  maxMsgBytes: opt.i32('Most bytes wanted.'),
  requestSource: opt.i32('Who pulls: -1 SDK, 0 proxy, ...'),
  proxyFrowardClientId: opt.string('Client a proxy pulls for.'),
} as const

const PULL_RESPONSE = {
  suggestWhichBrokerId: req.i64('Broker id to pull from next.'),
  nextBeginOffset: req.i64('Queue offset to pull from next.'),
  minOffset: req.i64('First queue offset that exists.'),
  maxOffset: req.i64('Queue offset the next message will get.'),
  offsetDelta: opt.i64('Logical minus physical queue offset (static topics).'),
  topicSysFlag: opt.i32('Topic system flag.'),
  groupSysFlag: opt.i32('Group system flag.'),
  forbiddenType: opt.i32('Why the pull was refused.'),
} as const

/** The offsets are filled on 19, 20 and 21 too: Java unboxes them unseen. */
const PULL_HEADER_ON = [0, 19, 20, 21]

const POP_RESPONSE = {
  popTime: req.i64('When the messages were popped, ms since 1970.'),
  invisibleTime: req.i64('How long they stay invisible, ms.'),
  reviveQid: req.i32('Revive queue.'),
  restNum: req.i64('Estimate of what is left.'),
  startOffsetInfo: opt.string('remoting.md section 25.3.'),
  msgOffsetInfo: opt.string('remoting.md section 25.3.'),
  orderCountInfo: opt.string('remoting.md section 25.3.'),
} as const

const ACK_REQUEST = {
  consumerGroup,
  topic: req.string('Topic the message was popped from; the retry topic for a retried one.'),
  queueId,
  extraInfo: req.string('Receipt of the pop, remoting.md section 25.4.'),
  offset: req.i64('Queue offset of the message.'),
} as const

export const MESSAGING_COMMANDS = {
  SEND_MESSAGE: command({
    code: 10,
    request: SEND_REQUEST,
    response: SEND_RESPONSE,
    headerOn: SEND_HEADER_ON,
  }),
  SEND_MESSAGE_V2: command({
    code: 310,
    request: SEND_REQUEST_V2,
    response: SEND_RESPONSE,
    headerOn: SEND_HEADER_ON,
  }),
  SEND_BATCH_MESSAGE: command({
    code: 320,
    request: SEND_REQUEST_V2,
    response: SEND_RESPONSE,
    headerOn: SEND_HEADER_ON,
  }),
  PULL_MESSAGE: command({
    code: 11,
    request: PULL_REQUEST,
    response: PULL_RESPONSE,
    headerOn: PULL_HEADER_ON,
  }),
  LITE_PULL_MESSAGE: command({
    code: 361,
    request: PULL_REQUEST,
    response: PULL_RESPONSE,
    headerOn: PULL_HEADER_ON,
  }),
  CONSUMER_SEND_MSG_BACK: command({
    code: 36,
    request: {
      offset: req.i64('Physical offset of the failed message.'),
      group: req.string('Consumer group.'),
      delayLevel: req.i32('0: the broker decides; below 0: dead letter now.'),
      originMsgId: opt.string('Id of the first incarnation.'),
      originTopic: opt.string('Topic of the first incarnation.'),
      unitMode: opt.bool('Unit mode of the consumer.'),
      maxReconsumeTimes: opt.i32('Retry limit, overrides the group.'),
    },
  }),
  END_TRANSACTION: command({
    code: 37,
    request: {
      producerGroup: req.string('Producer group of the half message.'),
      tranStateTableOffset: req.i64('Queue offset of the half message.'),
      commitLogOffset: req.i64('Physical offset of the half message.'),
      commitOrRollback: req.i32('8 commit, 12 rollback, 0 unknown.'),
      fromTransactionCheck: opt.bool('Answer to a check.'),
      msgId: req.string('UNIQ_KEY of the half message.'),
      transactionId: opt.string('Transaction id.'),
      topic: opt.string('Topic of the half message.'),
    },
  }),
  CHECK_TRANSACTION_STATE: command({
    code: 39,
    request: {
      tranStateTableOffset: req.i64('Queue offset of the half message.'),
      commitLogOffset: req.i64('Physical offset of the half message.'),
      topic: opt.string('Name of the half topic; the real one is in the record.'),
      msgId: opt.string('UNIQ_KEY.'),
      transactionId: opt.string('Transaction id.'),
      offsetMsgId: opt.string('Offset message id.'),
    },
  }),
  SEND_REPLY_MESSAGE: command({
    code: 324,
    request: SEND_REQUEST,
    response: SEND_RESPONSE,
    headerOn: SEND_HEADER_ON,
  }),
  SEND_REPLY_MESSAGE_V2: command({
    code: 325,
    request: SEND_REQUEST_V2,
    response: SEND_RESPONSE,
    headerOn: SEND_HEADER_ON,
  }),
  PUSH_REPLY_MESSAGE_TO_CLIENT: command({
    code: 326,
    request: {
      producerGroup: SEND_REQUEST.producerGroup,
      topic,
      defaultTopic: SEND_REQUEST.defaultTopic,
      defaultTopicQueueNums: SEND_REQUEST.defaultTopicQueueNums,
      queueId,
      sysFlag: SEND_REQUEST.sysFlag,
      bornTimestamp: SEND_REQUEST.bornTimestamp,
      flag: SEND_REQUEST.flag,
      properties: SEND_REQUEST.properties,
      reconsumeTimes: SEND_REQUEST.reconsumeTimes,
      unitMode: SEND_REQUEST.unitMode,
      bornHost: req.string('host:port of the replier.'),
      storeHost: req.string('host:port of the broker.'),
      storeTimestamp: req.i64('When the broker took the reply, ms since 1970.'),
    },
  }),
  RECALL_MESSAGE: command({
    code: 370,
    request: {
      topic,
      recallHandle: req.string('remoting.md section 21.'),
      producerGroup: opt.string('Producer group.'),
    },
    response: { msgId: req.string('UNIQ_KEY of the recalled message.') },
  }),
  POP_MESSAGE: command({
    code: 200050,
    request: {
      consumerGroup,
      topic,
      queueId: req.i32('Queue, or -1 for all.'),
      maxMsgNums: req.i32('Most messages wanted, at most 32.'),
      invisibleTime: req.i64('How long they stay invisible, ms.'),
      pollTime: req.i64('How long the broker may hold the request, ms.'),
      bornTime: opt.i64('When the request was made, ms since 1970; 0 or absent: now.'),
      initMode: req.i32('0 from the first, 1 from the last offset.'),
      expType: opt.string('TAG or SQL92.'),
      exp: opt.string('Filter expression.'),
      order: opt.bool('Orderly pop.'),
      attemptId: opt.string('Id of the attempt.'),
    },
    response: POP_RESPONSE,
  }),
  ACK_MESSAGE: command({ code: 200051, request: ACK_REQUEST }),
  BATCH_ACK_MESSAGE: command({ code: 200151 }),
  CHANGE_MESSAGE_INVISIBLETIME: command({
    code: 200053,
    request: { ...ACK_REQUEST, invisibleTime: req.i64('New invisible time, ms.') },
    response: {
      popTime: POP_RESPONSE.popTime,
      invisibleTime: POP_RESPONSE.invisibleTime,
      reviveQid: POP_RESPONSE.reviveQid,
    },
  }),
  PEEK_MESSAGE: command({
    code: 200052,
    request: { topic, queueId, maxMsgNums: req.i32('Most messages wanted.'), consumerGroup },
    response: POP_RESPONSE,
  }),
  NOTIFICATION: command({
    code: 200054,
    request: {
      consumerGroup,
      topic,
      queueId,
      pollTime: req.i64('How long the broker may hold the request, ms.'),
      bornTime: opt.i64('When the request was made, ms since 1970; 0 or absent: now.'),
      order: opt.bool('Orderly pop.'),
      attemptId: opt.string('Id of the attempt.'),
    },
    response: { hasMsg: req.bool('There are messages.'), pollingFull: opt.bool('Too many are waiting.') },
  }),
  POLLING_INFO: command({
    code: 200055,
    request: { consumerGroup, topic, queueId },
    response: { pollingNum: req.i32('How many requests wait.') },
  }),
} as const
