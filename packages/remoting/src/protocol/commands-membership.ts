import { command, opt, req } from './field.js'

// remoting.md section 7.2: membership, offsets, rebalance, queries by id and key.

const topic = req.string('Topic name.')
const queueId = req.i32('Queue in that topic.')
const consumerGroup = req.string('Consumer group.')
const group = req.string('Consumer group.')
const offset = req.i64('Queue offset.')

export const MEMBERSHIP_COMMANDS = {
  HEART_BEAT: command({
    code: 34,
    response: {
      IS_SUPPORT_HEART_BEAT_V2: opt.bool('The broker takes fingerprint heartbeats.'),
      IS_SUB_CHANGE: opt.bool('The broker wants the full subscription.'),
    },
  }),
  UNREGISTER_CLIENT: command({
    code: 35,
    request: {
      clientID: req.string('Client id.'),
      producerGroup: opt.string('Producer group to leave.'),
      consumerGroup: opt.string('Consumer group to leave.'),
    },
  }),
  CHECK_CLIENT_CONFIG: command({ code: 46 }),
  GET_CONSUMER_LIST_BY_GROUP: command({ code: 38, request: { consumerGroup } }),
  QUERY_CONSUMER_OFFSET: command({
    code: 14,
    request: {
      consumerGroup,
      topic,
      queueId,
      setZeroIfNotFound: opt.bool('False: code 22 when nothing is committed.'),
    },
    response: { offset: req.i64('Committed offset: the next one to consume.') },
  }),
  UPDATE_CONSUMER_OFFSET: command({
    code: 15,
    request: { consumerGroup, topic, queueId, commitOffset: req.i64('The next queue offset to consume.') },
  }),
  SEARCH_OFFSET_BY_TIMESTAMP: command({
    code: 29,
    request: {
      topic,
      queueId,
      timestamp: req.i64saturate('Store time, ms since 1970.'),
      boundaryType: opt.boundary('LOWER (default): first message not before; UPPER: last not after.'),
    },
    response: { offset },
  }),
  GET_MAX_OFFSET: command({
    code: 30,
    request: { topic, queueId, committed: opt.bool('Only what is committed (default true).') },
    response: { offset: req.i64('Offset the next message will get.') },
  }),
  GET_MIN_OFFSET: command({ code: 31, request: { topic, queueId }, response: { offset } }),
  GET_EARLIEST_MSG_STORETIME: command({
    code: 32,
    request: { topic, queueId },
    response: { timestamp: req.i64('Store time of the oldest message, ms since 1970, or -1.') },
  }),
  LOCK_BATCH_MQ: command({ code: 41 }),
  UNLOCK_BATCH_MQ: command({ code: 42 }),
  NOTIFY_CONSUMER_IDS_CHANGED: command({ code: 40, request: { consumerGroup } }),
  RESET_CONSUMER_CLIENT_OFFSET: command({
    code: 220,
    request: {
      topic,
      group,
      timestamp: req.i64saturate('Store time to go to, -1 for the end.'),
      isForce: req.bool('Also forwards.'),
      queueId: opt.i32('Only this queue.'),
      offset: opt.i64('Only with a queue: the offset to go to.'),
    },
  }),
  GET_CONSUMER_STATUS_FROM_CLIENT: command({
    code: 221,
    request: { topic, group, clientAddr: opt.string('Only this client.') },
  }),
  GET_CONSUMER_RUNNING_INFO: command({
    code: 307,
    request: { consumerGroup, clientId: req.string('Client id.'), jstackEnable: opt.bool('With stacks.') },
  }),
  CONSUME_MESSAGE_DIRECTLY: command({
    code: 309,
    request: {
      consumerGroup,
      clientId: opt.string('Client id.'),
      msgId: opt.string('Offset message id.'),
      brokerName: opt.string('Broker the record came from.'),
      topic: opt.string('Topic name.'),
      topicSysFlag: opt.i32('Topic system flag.'),
      groupSysFlag: opt.i32('Group system flag.'),
    },
  }),
  QUERY_ASSIGNMENT: command({ code: 400 }),
  SET_MESSAGE_REQUEST_MODE: command({ code: 401 }),
  GET_ALL_MESSAGE_REQUEST_MODE: command({ code: 402 }),
  QUERY_MESSAGE: command({
    code: 12,
    request: {
      topic,
      key: req.string('Index key.'),
      maxNum: req.i32('Most messages wanted.'),
      beginTimestamp: req.i64saturate('Store time, ms since 1970.'),
      endTimestamp: req.i64saturate('Store time, ms since 1970.'),
      indexType: opt.string('K key, U unique key, T tag; 5.4 clients send it.'),
      _UNIQUE_KEY_QUERY: opt.bool('The key is a UNIQ_KEY.'),
    },
    response: {
      indexLastUpdateTimestamp: req.i64('Index progress, ms since 1970.'),
      indexLastUpdatePhyoffset: req.i64('Index progress, physical offset.'),
    },
  }),
  VIEW_MESSAGE_BY_ID: command({
    code: 33,
    request: { offset: req.i64('Physical offset of the record.'), topic: opt.string('Topic name.') },
  }),
} as const
