import { MqError } from '@rockhopper/message'
import { parseDelayLevels, STORE_CONFIG_DEFAULTS, type StoreConfigInput } from '@rockhopper/store'
import {
  type ConfigOf,
  type ConfigRow,
  choice,
  flag,
  live,
  number,
  refuseValue,
  text,
} from './config-rows.js'

const DAY_MS = 86_400_000
const GIB = 1024 ** 3

/** Every key of broker.conf that this broker uses, under Apache's names and with Apache's defaults. */
export const CONFIG = {
  host: text('127.0.0.1', 'Address to bind.'),
  listenPort: number(10_911, 0, 65_535, 'Port to listen on; 0 means any free one.'),
  brokerIP1: text('', 'Address told to clients; empty means the bind address.'),
  brokerName: text('broker-a', 'Name of the broker; a master and its slaves share it.'),
  zoneName: text('', 'Its zone, for clients that ask for the brokers of one (Apache: ROCKETMQ_ZONE).'),
  brokerClusterName: text('DefaultCluster', 'Name of the cluster.'),
  brokerId: number(0, 0, 2 ** 31 - 1, '0 is the master.'),
  brokerRole: choice(['ASYNC_MASTER', 'SYNC_MASTER', 'SLAVE'], 'ASYNC_MASTER', 'Role in replication.'),
  namesrvAddr: text('', 'Name servers to register at: HOST:PORT, several separated by a semicolon.'),
  storePathRootDir: text('store', 'Directory of everything the broker keeps.'),
  brokerPermission: live(number(6, 0, 7, 'Bits read 4 and write 2 of the whole broker.')),
  regionId: text('DefaultRegion', 'Told to clients as MSG_REGION.'),
  traceOn: live(flag(true, 'Told to clients as TRACE_ON.')),
  traceTopicEnable: flag(false, 'Creates the topic of message traces.'),
  msgTraceTopicName: text('RMQ_SYS_TRACE_TOPIC', 'Name of that topic.'),
  autoCreateTopicEnable: live(flag(true, 'A send to an unknown topic creates it.')),
  defaultTopicQueueNums: number(8, 1, 1024, 'Queues of the topic TBW102.'),
  autoCreateSubscriptionGroup: live(flag(true, 'A consumer of an unknown group creates it.')),
  clusterTopicEnable: flag(true, 'The topic named like the cluster may be used.'),
  brokerTopicEnable: flag(true, 'The topic named like the broker may be used.'),
  rejectTransactionMessage: live(flag(false, 'Refuses transactional messages.')),
  transactionTimeOut: live(
    number(6_000, 0, DAY_MS, 'Age in ms before which nobody is asked about a transaction.'),
  ),
  transactionCheckInterval: live(
    number(30_000, 10, DAY_MS, 'Ms between looks for transactions without a decision.'),
  ),
  transactionCheckMax: live(
    number(15, 1, 1_000_000, 'Checks after which a message goes to TRANS_CHECK_MAX_TIME_TOPIC.'),
  ),
  transactionOpMsgMaxSize: live(number(4_096, 1, 1_048_576, 'Bytes of decisions written at once.')),
  transactionOpBatchInterval: live(number(3_000, 1, DAY_MS, 'Ms that a decision waits for others.')),
  transactionMetricFlushInterval: number(10_000, 100, DAY_MS, 'Ms between writes of transactionMetrics.'),
  enablePropertyFilter: flag(false, 'Serves subscriptions by SQL92 expressions over properties.'),
  filterSupportRetry: flag(false, 'Filters a retry topic by the expression for the original topic.'),
  filterDataCleanTimeSpan: number(
    DAY_MS,
    0,
    365 * DAY_MS,
    'Ms that the filter of a group that left is kept.',
  ),
  storeReplyMessageEnable: live(flag(true, 'Stores replies of request-reply, not only pushes them.')),
  longPollingEnable: live(flag(true, 'Pulls wait as long as they ask for.')),
  shortPollingTimeMills: live(number(1_000, 1, 60_000, 'How long pulls wait when longPollingEnable is off.')),
  notifyConsumerIdsChangedEnable: live(flag(true, 'Tells the members of a group when it changes.')),
  slaveReadEnable: live(flag(false, 'Suggests reading old messages from a slave.')),
  rejectPullConsumerEnable: flag(false, 'Refuses consumers that pull by themselves.'),
  litePullMessageEnable: flag(true, 'Allows code 361.'),
  useServerSideResetOffset: live(flag(true, 'Offsets are reset at the broker, not by a push to clients.')),
  channelExpiredTimeout: number(120_000, 1_000, DAY_MS, 'Silence in ms after which a client is dropped.'),
  registerNameServerPeriod: number(30_000, 10_000, 60_000, 'Ms between registrations.'),
  registerBrokerTimeoutMills: number(24_000, 100, 60_000, 'Patience for one registration, ms.'),
  enableSingleTopicRegister: flag(
    false,
    'For name servers with deleteTopicWithBrokerRegistration: they are told of all topics at each change.',
  ),
  brokerNotActiveTimeoutMillis: live(
    number(10_000, 1_000, DAY_MS, 'Heartbeat timeout told to a controller.'),
  ),
  flushConsumerOffsetInterval: number(5_000, 100, DAY_MS, 'Ms between writes of consumer offsets.'),
  flushDelayOffsetInterval: number(10_000, 100, DAY_MS, 'Ms between writes of delay offsets.'),
  messageDelayLevel: text(STORE_CONFIG_DEFAULTS.messageDelayLevel, 'Delay of each level, from level 1 on.'),
  timerWheelEnable: flag(true, 'Takes messages with a time of their own.'),
  timerPrecisionMs: number(1_000, 1, 1_000_000, 'Ms of a tick: the next lower of 100, 200, 500 and 1000.'),
  timerRollWindowSlot: number(
    2 * 86_400,
    0,
    2 ** 31 - 1,
    'Ticks after which a waiting message is stored anew.',
  ),
  timerMaxDelaySec: live(number(3 * 86_400, 0, 2 ** 31 - 1, 'Longest wait a message may ask for, seconds.')),
  timerFlushIntervalMs: number(1_000, 1, DAY_MS, 'Ms between syncs of the timer log and wheel.'),
  timerCongestNumEachSlot: live(
    number(2 ** 31 - 1, 0, 2 ** 31 - 1, 'Messages in one tick above which sends are refused by chance.'),
  ),
  mappedFileSizeTimerLog: number(100 * 1024 * 1024, 4096, 2 * GIB - 1, 'Bytes of a timer log file.'),
  popPollingSize: live(number(1_024, 0, 1_000_000, 'Pops of one queue and group that may wait.')),
  maxPopPollingSize: live(number(100_000, 0, 10_000_000, 'Pops that may wait in all.')),
  popFromRetryProbability: live(number(20, 0, 100, 'Percent of pops that take retries first.')),
  popFromRetryProbabilityForPriority: live(
    number(0, 0, 100, 'The same of pops that go by priority. 0: retries come last, 100: first.'),
  ),
  priorityOrderAsc: live(
    flag(true, 'Pops go by priority from the highest queue down; false: from queue 0 up.'),
  ),
  enableRetryTopicV2: flag(false, 'Retries of pops go to %RETRY%group+topic, not to %RETRY%group_topic.'),
  retrieveMessageFromPopRetryTopicV1: live(
    flag(true, 'With enableRetryTopicV2, old retries are popped, too.'),
  ),
  popResponseReturnActualRetryTopic: live(flag(false, 'Retries come under the name of their retry topic.')),
  initPopOffsetByCheckMsgInMem: live(
    flag(true, 'A new group that pops from the last offset gets all of a queue that is young.'),
  ),
  reviveQueueNum: number(8, 1, 128, 'Queues of the checkpoints of pops.'),
  reviveInterval: live(number(1_000, 10, DAY_MS, 'Ms between looks for pops that were not acknowledged.')),
  reviveScanTime: live(number(10_000, 1, DAY_MS, 'Ms that one look may read for.')),
  skipWhenCKRePutReachMaxTimes: live(flag(false, 'Gives a message up that cannot be put again 17 times.')),
  defaultMessageRequestMode: live(
    choice(['PULL', 'POP'], 'PULL', 'How groups consume of which nothing was set (code 401).'),
  ),
  defaultPopShareQueueNum: live(
    number(-1, -1, 2 ** 31 - 1, 'Other clients that share the queues of one that pops; -1 means all.'),
  ),
  serverLoadBalancerEnable: live(flag(true, 'Assigns queues to clients that ask the broker for them.')),
  loadBalancePollNameServerInterval: number(30_000, 0, DAY_MS, 'Ms a route is kept that assignments use.'),
  recallMessageEnable: live(flag(false, 'Messages that wait for their time may be recalled.')),
  allowRecallWhenBrokerNotWriteable: live(flag(true, 'Recalls also while brokerPermission takes no sends.')),
  flushDiskType: choice(['ASYNC_FLUSH', 'SYNC_FLUSH'], 'ASYNC_FLUSH', 'When a send is acknowledged.'),
  syncFlushTimeout: number(5_000, 1, DAY_MS, 'Ms after which a synchronous flush is answered with 10.'),
  waitTimeMillsInSendQueue: live(
    number(200, 1, DAY_MS, 'Ms a send waits behind a slow write of the log before it is answered with 2.'),
  ),
  osPageCacheBusyTimeOutMills: live(
    number(1_000, 1, DAY_MS, 'Ms a write of the log takes before sends are answered with 2 at once.'),
  ),
  mappedFileSizeCommitLog: number(GIB, 4096, 2 * GIB - 1, 'Bytes of a log file.'),
  mappedFileSizeConsumeQueue: number(6_000_000, 20, 2 * GIB - 1, 'Bytes of a queue file.'),
  flushIntervalCommitLog: number(500, 1, DAY_MS, 'Ms between syncs under ASYNC_FLUSH.'),
  enabledAppendPropCRC: flag(false, 'Writes a CRC of the whole record into its last property.'),
  scrubBytesPerSecond: live(
    number(1024 * 1024, 0, GIB, 'Bytes of the log that the background check reads in a second.'),
  ),
  maxMessageSize: number(4 * 1024 * 1024, 1024, 16 * 1024 * 1024 - 65_536, 'Bytes of a body.'),
  maxFilterMessageSize: number(16_000, 20, GIB, 'Bytes of queue entries one pull looks at.'),
  maxTransferBytesOnMessageInMemory: number(262_144, 1, 16 * 1024 * 1024, 'Bytes of one pull from memory.'),
  maxTransferCountOnMessageInMemory: number(32, 1, 4096, 'Messages of one pull from memory.'),
  maxTransferBytesOnMessageInDisk: number(65_536, 1, 16 * 1024 * 1024, 'Bytes of one pull from disk.'),
  maxTransferCountOnMessageInDisk: number(8, 1, 4096, 'Messages of one pull from disk.'),
  messageIndexEnable: flag(true, 'Keeps the index by key.'),
  maxHashSlotNum: number(5_000_000, 1, 100_000_000, 'Slots of an index file.'),
  maxIndexNum: number(20_000_000, 2, 100_000_000, 'Entries of an index file, and one that is never used.'),
  defaultQueryMaxNum: number(32, 1, 1024, 'Messages of one query by key.'),
  fileReservedTime: live(number(72, 1, 24 * 3650, 'Hours a log file is kept after its last change.')),
  deleteWhen: live(text('04', 'Hours of the day in which old files are removed, separated by semicolons.')),
  diskMaxUsedSpaceRatio: live(
    number(75, 0, 100, 'Percent of the disk above which old files are removed at any hour; 10 to 95 count.'),
  ),
  diskSpaceCleanForciblyRatio: live(
    number(85, 0, 100, 'Percent above which log files go that are not old, too; 30 to 85 count.'),
  ),
  diskSpaceWarningLevelRatio: live(
    number(90, 0, 100, 'Percent above which messages are refused; 35 to 90 count.'),
  ),
  cleanFileForciblyEnable: live(
    flag(true, 'Files that are not old may go above diskSpaceCleanForciblyRatio.'),
  ),
  commitLogSizeMax: live(
    number(0, 0, Number.MAX_SAFE_INTEGER, 'Bytes of log files above which the oldest go; 0 means no limit.'),
  ),
  deleteFileBatchMax: live(number(10, 1, 10_000, 'Log files removed in one round.')),
  deleteCommitLogFilesInterval: live(number(100, 0, 60_000, 'Ms between two log files of a round.')),
  deleteConsumeQueueFilesInterval: live(number(100, 0, 60_000, 'Ms after a queue whose files went.')),
  destroyMapedFileIntervalForcibly: live(
    number(120_000, 0, DAY_MS, 'Ms a log file that is still read is kept once it has left the log.'),
  ),
  cleanResourceInterval: live(
    number(10_000, 100, DAY_MS, 'Ms between rounds of removal; the first comes after a minute.'),
  ),
  haListenPort: number(
    0,
    0,
    65_535,
    'Port for slaves; 0 means listenPort + 1, opened only when a role needs it.',
  ),
} as const satisfies Record<string, ConfigRow>

export type BrokerConfig = ConfigOf<typeof CONFIG>
export type ConfigKey = keyof BrokerConfig

/**
 * The given keys over the defaults.
 * @throws MqError CONFIG_VALUE_ILLEGAL, naming the key.
 */
export function completeConfig(given: Partial<BrokerConfig>): BrokerConfig {
  const config: Record<string, unknown> = {}
  for (const [key, row] of Object.entries(CONFIG)) {
    const value = given[key as ConfigKey] ?? row.fallback
    const reason = refuseValue(row, value)
    if (reason !== undefined) throw new MqError('CONFIG_VALUE_ILLEGAL', `${key}=${String(value)} ${reason}`)
    config[key] = value
  }
  const complete = config as unknown as BrokerConfig
  try {
    parseDelayLevels(complete.messageDelayLevel)
  } catch (cause) {
    throw new MqError('CONFIG_VALUE_ILLEGAL', 'messageDelayLevel must be like 1s 5m 2h', { cause })
  }
  return complete
}

/** The keys that are the store's, as they are now: a key that changes live changes there, too. */
export function storeConfigOf(config: BrokerConfig): StoreConfigInput {
  const given: Record<string, unknown> = { storePathRootDir: config.storePathRootDir }
  for (const key of Object.keys(STORE_CONFIG_DEFAULTS)) {
    if (!Object.hasOwn(config, key)) continue
    Object.defineProperty(given, key, { enumerable: true, get: () => config[key as ConfigKey] })
  }
  return given as unknown as StoreConfigInput
}

export interface LiveChange {
  readonly key: ConfigKey
  readonly value: string | number | boolean
}

/** Everybody who holds the object sees the change: it is the one place that writes to it. */
export function changeConfig(config: BrokerConfig, { key, value }: LiveChange): void {
  Object.assign(config, { [key]: value })
}
