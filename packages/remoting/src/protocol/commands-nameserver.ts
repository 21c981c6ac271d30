import { command, opt, req } from './field.js'

// remoting.md section 7.3: what a name server answers.

const topic = req.string('Topic name.')
const brokerName = req.string('Broker name.')
const brokerAddr = req.string('host:port of the broker.')
const clusterName = req.string('Cluster name.')
const brokerId = req.i64('0 is the master.')
const namespace = req.string('KV namespace.')
const key = req.string('KV key.')

export const NAMESERVER_COMMANDS = {
  GET_ROUTEINFO_BY_TOPIC: command({
    code: 105,
    request: {
      topic,
      acceptStandardJsonOnly: opt.bool('Map keys must be quoted.'),
      __ZONE_NAME: opt.string('Zone of the client.'),
      __ZONE_MODE: opt.bool('Only brokers of that zone.'),
    },
  }),
  REGISTER_BROKER: command({
    code: 103,
    request: {
      brokerName,
      brokerAddr,
      clusterName,
      haServerAddr: req.string('host:port of the HA service.'),
      brokerId,
      heartbeatTimeoutMillis: opt.i64('How long the registration lives, ms.'),
      enableActingMaster: opt.bool('Slave acting master; absent for old brokers.'),
      compressed: opt.bool('The body is a zlib stream (remoting.md section 16.3).'),
      bodyCrc32: opt.i32('CRC-32 of the body, low 31 bits; 0 is not checked.'),
      __ZONE_NAME: opt.string('Zone of the broker.'),
    },
    response: {
      haServerAddr: opt.string('HA address of the master, for a slave.'),
      masterAddr: opt.string('Address of the master, for a slave.'),
    },
  }),
  UNREGISTER_BROKER: command({ code: 104, request: { brokerName, brokerAddr, clusterName, brokerId } }),
  QUERY_DATA_VERSION: command({
    code: 322,
    request: { brokerName, brokerAddr, clusterName, brokerId },
    response: { changed: req.bool('The name server knows another version.') },
  }),
  BROKER_HEARTBEAT: command({
    code: 904,
    request: {
      clusterName,
      brokerAddr,
      brokerName,
      brokerId: opt.i64('0 is the master.'),
      epoch: opt.i32('Epoch of the replica.'),
      maxOffset: opt.i64('Physical offset.'),
      confirmOffset: opt.i64('Physical offset.'),
      heartbeatTimeoutMills: opt.i64('How long the registration lives, ms.'),
      electionPriority: opt.i32('Priority in an election.'),
    },
  }),
  GET_BROKER_MEMBER_GROUP: command({ code: 901, request: { clusterName, brokerName } }),
  GET_BROKER_CLUSTER_INFO: command({ code: 106 }),
  GET_ALL_TOPIC_LIST_FROM_NAMESERVER: command({ code: 206 }),
  DELETE_TOPIC_IN_NAMESRV: command({
    code: 216,
    request: { topic, clusterName: opt.string('Only in this cluster.') },
  }),
  REGISTER_TOPIC_IN_NAMESRV: command({ code: 217, request: { topic } }),
  GET_TOPICS_BY_CLUSTER: command({ code: 224, request: { cluster: req.string('Cluster name.') } }),
  GET_SYSTEM_TOPIC_LIST_FROM_NS: command({ code: 304 }),
  GET_UNIT_TOPIC_LIST: command({ code: 311 }),
  GET_HAS_UNIT_SUB_TOPIC_LIST: command({ code: 312 }),
  GET_HAS_UNIT_SUB_UNUNIT_TOPIC_LIST: command({ code: 313 }),
  PUT_KV_CONFIG: command({ code: 100, request: { namespace, key, value: req.string('KV value.') } }),
  GET_KV_CONFIG: command({
    code: 101,
    request: { namespace, key },
    response: { value: opt.string('KV value.') },
  }),
  DELETE_KV_CONFIG: command({ code: 102, request: { namespace, key } }),
  GET_KVLIST_BY_NAMESPACE: command({ code: 219, request: { namespace } }),
  WIPE_WRITE_PERM_OF_BROKER: command({
    code: 205,
    request: { brokerName },
    response: { wipeTopicCount: req.i32('Topics changed.') },
  }),
  ADD_WRITE_PERM_OF_BROKER: command({
    code: 327,
    request: { brokerName },
    response: { addTopicCount: req.i32('Topics changed.') },
  }),
  UPDATE_NAMESRV_CONFIG: command({ code: 318 }),
  GET_NAMESRV_CONFIG: command({ code: 319 }),
} as const
