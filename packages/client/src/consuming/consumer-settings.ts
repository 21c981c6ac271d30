import type { Env } from '@rockhopper/env'
import { MqError } from '@rockhopper/message'
import type { PushConsumerOptions } from '../push-consumer-options.js'
import { AVG } from './allocation.js'
import { consumeTimestampOf } from './start-offset.js'

const MIB = 1024 * 1024
/** Attempts of a concurrent consumer when `maxReconsumeTimes` is -1 (Apache: 16). */
const RECONSUME_TIMES_DEFAULT = 16
/** The highest the wire can carry: an orderly consumer without a limit. */
const RECONSUME_TIMES_ENDLESS = 0x7fffffff

export type ConsumerSettings = ReturnType<typeof consumerSettings>

/**
 * The options of a push consumer with every default filled in (remoting.md section 36). Throws
 * ARGUMENT_ILLEGAL.
 */
export function consumerSettings(options: PushConsumerOptions, env: Env) {
  const orderly = options.orderly ?? false
  const given = options.maxReconsumeTimes ?? -1
  const settings = {
    consumerGroup: options.consumerGroup,
    orderly,
    clustering: (options.messageModel ?? 'CLUSTERING') === 'CLUSTERING',
    consumeFromWhere: options.consumeFromWhere ?? 'CONSUME_FROM_LAST_OFFSET',
    consumeTimestamp: consumeTimestampOf(options.consumeTimestamp, env.clock.now(), env.host),
    maxReconsumeTimes: given >= 0 ? given : orderly ? RECONSUME_TIMES_ENDLESS : RECONSUME_TIMES_DEFAULT,
    consumeThreads: options.consumeThreads ?? 20,
    consumeMessageBatchMaxSize: options.consumeMessageBatchMaxSize ?? 1,
    pullBatchSize: options.pullBatchSize ?? 32,
    pullIntervalMs: options.pullIntervalMs ?? 0,
    limits: {
      messagesMax: options.pullThresholdForQueue ?? 1_000,
      bytesMax: (options.pullThresholdSizeForQueueMiB ?? 100) * MIB,
      // Apache looks at the span for concurrent consumers only: orderly ones have no gaps.
      spanMax: orderly ? Number.POSITIVE_INFINITY : (options.consumeConcurrentlyMaxSpan ?? 2_000),
    },
    decompressedSizeMax: options.decompressedSizeMax ?? 64 * MIB,
    consumeTimeoutMs: options.consumeTimeoutMs ?? 15 * 60_000,
    allocateStrategy: options.allocateStrategy ?? AVG,
    rebalanceIntervalMs: options.rebalanceIntervalMs ?? 20_000,
    persistConsumerOffsetIntervalMs: options.persistConsumerOffsetIntervalMs ?? 5_000,
    brokerSuspendMaxTimeMs: options.brokerSuspendMaxTimeMs ?? 15_000,
    consumerTimeoutMsWhenSuspend: options.consumerTimeoutMsWhenSuspend ?? 30_000,
    pullTimeDelayMsWhenException: options.pullTimeDelayMsWhenException ?? 1_000,
    suspendCurrentQueueTimeMs: options.suspendCurrentQueueTimeMs ?? 1_000,
    offsetStoreDir: options.offsetStoreDir,
    /**
     * Names the offset file of a broadcasting member: it must be the same after a restart, unlike the
     * client id.
     */
    offsetOwner: `${options.clientIp ?? env.host.address}@${options.instanceName ?? 'DEFAULT'}`,
  } as const
  checkRange('consumeThreads', settings.consumeThreads, 1, 1_000)
  checkRange('consumeMessageBatchMaxSize', settings.consumeMessageBatchMaxSize, 1, 1_024)
  checkRange('pullBatchSize', settings.pullBatchSize, 1, 1_024)
  checkRange('pullThresholdForQueue', settings.limits.messagesMax, 1, 65_535)
  checkRange('pullThresholdSizeForQueueMiB', settings.limits.bytesMax / MIB, 1, 1_024)
  checkRange('maxReconsumeTimes', given, -1, RECONSUME_TIMES_ENDLESS)
  return settings
}

/** Ranges of Apache's DefaultMQPushConsumerImpl.checkConfig. */
function checkRange(name: string, value: number, min: number, max: number): void {
  if (value >= min && value <= max) return
  throw new MqError('ARGUMENT_ILLEGAL', `The option ${name} is ${value}, not in ${min} to ${max}`)
}
