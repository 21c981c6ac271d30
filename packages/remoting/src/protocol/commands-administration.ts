import { command, opt, req } from './field.js'

// remoting.md sections 7.4 and 35: administration of a broker, and what brokers ask each other.

const topic = req.string('Topic name.')
const group = req.string('Consumer group.')
const consumerGroup = req.string('Consumer group.')

const TOPIC_REQUEST = {
  topic,
  defaultTopic: req.string('TBW102.'),
  readQueueNums: req.i32('Queues consumers see.'),
  writeQueueNums: req.i32('Queues producers see.'),
  perm: req.i32('Permission bits: 4 read, 2 write, 1 inherit.'),
  topicFilterType: req.string('SINGLE_TAG or MULTI_TAG.'),
  topicSysFlag: opt.i32('Topic system flag.'),
  order: req.bool('Order topic.'),
  attributes: opt.string('+key=value,-key,...'),
  force: opt.bool('Also over a static topic.'),
} as const

const RESET_REQUEST = {
  topic,
  group,
  timestamp: req.i64saturate('Store time to go to, -1 for the end.'),
  isForce: req.bool('Also forwards.'),
  queueId: opt.i32('Only this queue; -1 for all.'),
  offset: opt.i64('Only with a queue: the offset to go to.'),
} as const

export const ADMINISTRATION_COMMANDS = {
  UPDATE_AND_CREATE_TOPIC: command({ code: 17, request: TOPIC_REQUEST }),
  UPDATE_AND_CREATE_TOPIC_LIST: command({ code: 18 }),
  GET_ALL_TOPIC_CONFIG: command({
    code: 21,
    request: {
      topicSeq: opt.i32('First entry wanted.'),
      dataVersion: opt.string('DataVersion JSON of the first page.'),
      maxTopicNum: opt.i32('Most entries wanted.'),
    },
    response: { totalTopicNum: opt.i32('Entries in all.') },
  }),
  GET_TOPIC_CONFIG: command({ code: 351, request: { topic } }),
  DELETE_TOPIC_IN_BROKER: command({ code: 215, request: { topic } }),
  UPDATE_AND_CREATE_STATIC_TOPIC: command({ code: 513, request: TOPIC_REQUEST }),
  UPDATE_BROKER_CONFIG: command({ code: 25 }),
  GET_BROKER_CONFIG: command({ code: 26, response: { version: req.string('DataVersion JSON.') } }),
  GET_BROKER_RUNTIME_INFO: command({ code: 28 }),
  UPDATE_AND_CREATE_SUBSCRIPTIONGROUP: command({ code: 200 }),
  UPDATE_AND_CREATE_SUBSCRIPTIONGROUP_LIST: command({ code: 225 }),
  GET_ALL_SUBSCRIPTIONGROUP_CONFIG: command({
    code: 201,
    request: {
      groupSeq: opt.i32('First entry wanted.'),
      dataVersion: opt.string('DataVersion JSON of the first page.'),
      maxGroupNum: opt.i32('Most entries wanted.'),
    },
    response: { totalGroupNum: opt.i32('Entries in all.') },
  }),
  GET_SUBSCRIPTIONGROUP_CONFIG: command({ code: 352, request: { group } }),
  DELETE_SUBSCRIPTIONGROUP: command({
    code: 207,
    request: {
      groupName: req.string('Consumer group.'),
      cleanOffset: opt.bool('Also forget its offsets.'),
    },
  }),
  UPDATE_AND_GET_GROUP_FORBIDDEN: command({
    code: 353,
    request: { group, topic, readable: opt.bool('New value; absent only asks.') },
  }),
  GET_TOPIC_STATS_INFO: command({ code: 202, request: { topic } }),
  GET_CONSUMER_CONNECTION_LIST: command({ code: 203, request: { consumerGroup } }),
  GET_PRODUCER_CONNECTION_LIST: command({
    code: 204,
    request: { producerGroup: req.string('Producer group.') },
  }),
  GET_ALL_PRODUCER_INFO: command({ code: 328 }),
  GET_CONSUME_STATS: command({
    code: 208,
    request: {
      consumerGroup,
      topic: opt.string('Only this topic.'),
      topicList: opt.string('Only these topics, joined by a semicolon.'),
    },
  }),
  GET_BROKER_CONSUME_STATS: command({ code: 317, request: { isOrder: req.bool('Only order topics.') } }),
  INVOKE_BROKER_TO_RESET_OFFSET: command({ code: 222, request: RESET_REQUEST }),
  INVOKE_BROKER_TO_GET_CONSUMER_STATUS: command({
    code: 223,
    request: { topic, group, clientAddr: opt.string('Only this client.') },
  }),
  QUERY_TOPIC_CONSUME_BY_WHO: command({ code: 300, request: { topic } }),
  QUERY_TOPICS_BY_CONSUMER: command({ code: 343, request: { group } }),
  QUERY_SUBSCRIPTION_BY_CONSUMER: command({
    code: 345,
    request: { group, topic: opt.string('Only this topic.') },
  }),
  QUERY_CONSUME_TIME_SPAN: command({ code: 303, request: { topic, group } }),
  GET_SYSTEM_TOPIC_LIST_FROM_BROKER: command({ code: 305 }),
  CLEAN_EXPIRED_CONSUMEQUEUE: command({ code: 306 }),
  DELETE_EXPIRED_COMMITLOG: command({ code: 329 }),
  CLEAN_UNUSED_TOPIC: command({ code: 316 }),
  QUERY_CORRECTION_OFFSET: command({
    code: 308,
    request: {
      compareGroup: req.string('Consumer group to compare with.'),
      topic,
      filterGroups: opt.string('Groups to look at, comma-joined.'),
    },
  }),
  CLONE_GROUP_OFFSET: command({
    code: 314,
    request: {
      srcGroup: req.string('Group to copy from.'),
      destGroup: req.string('Group to copy to.'),
      topic: opt.string('Only this topic.'),
      offline: opt.bool('The group is offline.'),
    },
  }),
  VIEW_BROKER_STATS_DATA: command({
    code: 315,
    request: {
      statsName: req.string('remoting.md section 34.'),
      statsKey: req.string('remoting.md section 34.'),
    },
  }),
  QUERY_CONSUME_QUEUE: command({
    code: 321,
    request: {
      topic: opt.string('Topic name.'),
      queueId: opt.i32('Queue in that topic.'),
      index: opt.i64('First queue offset wanted.'),
      count: opt.i32('Most entries wanted.'),
      consumerGroup: opt.string('Consumer group whose filter is evaluated.'),
    },
  }),
  RESUME_CHECK_HALF_MESSAGE: command({
    code: 323,
    request: { topic: opt.string('Topic name.'), msgId: opt.string('Offset message id.') },
  }),
  GET_ALL_CONSUMER_OFFSET: command({ code: 43 }),
  GET_ALL_DELAY_OFFSET: command({ code: 45 }),
  GET_TIMER_CHECK_POINT: command({ code: 60 }),
  GET_TIMER_METRICS: command({ code: 61 }),
  GET_BROKER_HA_STATUS: command({ code: 907 }),
  RESET_MASTER_FLUSH_OFFSET: command({
    code: 908,
    request: { masterFlushOffset: req.i64('Physical offset.') },
  }),
  CHECK_ROCKSDB_CQ_WRITE_PROGRESS: command({
    code: 354,
    request: { topic, checkStoreTime: opt.i64('Store time, ms since 1970.') },
  }),
  EXPORT_ROCKSDB_CONFIG_TO_JSON: command({
    code: 355,
    request: { configType: req.string('topics, subscriptionGroups or consumerOffsets.') },
  }),
  UPDATE_COLD_DATA_FLOW_CTR_CONFIG: command({ code: 2001 }),
  REMOVE_COLD_DATA_FLOW_CTR_CONFIG: command({ code: 2002 }),
  GET_COLD_DATA_FLOW_CTR_INFO: command({ code: 2003 }),
  SET_COMMITLOG_READ_MODE: command({
    code: 2004,
    request: { READ_AHEAD_MODE: opt.i32('Argument of madvise.') },
  }),
  AUTH_CREATE_USER: command({ code: 3001, request: { username: opt.string('User name.') } }),
  AUTH_UPDATE_USER: command({ code: 3002, request: { username: opt.string('User name.') } }),
  AUTH_DELETE_USER: command({ code: 3003, request: { username: opt.string('User name.') } }),
  AUTH_GET_USER: command({ code: 3004, request: { username: opt.string('User name.') } }),
  AUTH_LIST_USER: command({ code: 3005, request: { filter: opt.string('Part of the name.') } }),
  AUTH_CREATE_ACL: command({ code: 3006, request: { subject: opt.string('User:name.') } }),
  AUTH_UPDATE_ACL: command({ code: 3007, request: { subject: opt.string('User:name.') } }),
  AUTH_DELETE_ACL: command({
    code: 3008,
    request: {
      subject: opt.string('User:name.'),
      policyType: opt.string('Custom or Default.'),
      resource: opt.string('Kind:name.'),
    },
  }),
  AUTH_GET_ACL: command({ code: 3009, request: { subject: opt.string('User:name.') } }),
  AUTH_LIST_ACL: command({
    code: 3010,
    request: {
      subjectFilter: opt.string('Part of the subject.'),
      resourceFilter: opt.string('Part of the resource.'),
    },
  }),
  NOTIFY_MIN_BROKER_ID_CHANGE: command({
    code: 905,
    request: {
      minBrokerId: opt.i64('Lowest broker id alive.'),
      brokerName: opt.string('Broker name.'),
      minBrokerAddr: opt.string('Its host:port.'),
      offlineBrokerAddr: opt.string('host:port of the broker that left.'),
      haBrokerAddr: opt.string('host:port of its HA service.'),
    },
  }),
  EXCHANGE_BROKER_HA_INFO: command({
    code: 906,
    request: {
      masterHaAddress: opt.string('host:port.'),
      masterFlushOffset: opt.i64('Physical offset.'),
      masterAddress: opt.string('host:port.'),
    },
    response: {
      masterHaAddress: opt.string('host:port.'),
      masterFlushOffset: opt.i64('Physical offset.'),
      masterAddress: opt.string('host:port.'),
    },
  }),
} as const
