import type { Clock } from '@rockhopper/env'
import { type ConsumerRunningInfo, CURRENT_VERSION, type SubscriptionData } from '@rockhopper/remoting'
import type { ConsumerSettings } from './consumer-settings.js'
import type { ProcessQueue } from './process-queue.js'

export interface RunningInfoParts {
  readonly settings: ConsumerSettings
  readonly namesrvAddr: string
  /** Ms since 1970. */
  readonly startedAt: number
  readonly clock: Clock
  readonly subscriptions: readonly SubscriptionData[]
  readonly processQueues: readonly ProcessQueue[]
  readonly locked: (processQueue: ProcessQueue) => boolean
}

/**
 * What tools show of a consumer (code 307, remoting.md section 33). Rates are not measured yet: they are 0.
 */
export function runningInfo(parts: RunningInfoParts): ConsumerRunningInfo {
  const { settings, subscriptions, processQueues } = parts
  const noRates = {
    consumeFailedMsgs: 0,
    consumeFailedTPS: 0,
    consumeOKTPS: 0,
    consumeRT: 0,
    pullRT: 0,
    pullTPS: 0,
  }
  return {
    mqTable: processQueues.map(
      (processQueue) => [processQueue.queue, queueInfo(processQueue, parts)] as const,
    ),
    mqPopTable: [],
    statusTable: new Map(subscriptions.map(({ topic }) => [topic, noRates])),
    subscriptionSet: subscriptions,
    userConsumerInfo: new Map(),
    properties: new Map([
      ['PROP_CLIENT_VERSION', `V${CURRENT_VERSION}`],
      ['PROP_CONSUME_TYPE', 'CONSUME_PASSIVELY'],
      ['PROP_NAMESERVER_ADDR', parts.namesrvAddr],
      ['PROP_THREADPOOL_CORE_SIZE', String(settings.consumeThreads)],
      ['PROP_CONSUMEORDERLY', String(settings.orderly)],
      ['PROP_CONSUMER_START_TIMESTAMP', String(parts.startedAt)],
    ]),
  }
}

function queueInfo(processQueue: ProcessQueue, { clock, locked }: RunningInfoParts) {
  // Wall-clock time of an instant on the monotonic clock; 0 for never.
  const wall = (at: number) => (at === 0 ? 0 : Math.round(clock.now() - (clock.monotonic() - at)))
  return {
    cachedMsgCount: processQueue.count,
    cachedMsgMinOffset: processQueue.count === 0 ? 0 : processQueue.firstOffset,
    cachedMsgMaxOffset: processQueue.count === 0 ? 0 : processQueue.lastOffset,
    cachedMsgSizeInMiB: Math.floor(processQueue.bytes / (1024 * 1024)),
    commitOffset: processQueue.commitOffset,
    droped: processQueue.dropped,
    lastConsumeTimestamp: wall(processQueue.lastConsumeAt),
    lastPullTimestamp: wall(processQueue.lastPullAt),
    lastLockTimestamp: 0,
    locked: locked(processQueue),
    transactionMsgCount: 0,
    transactionMsgMinOffset: 0,
    transactionMsgMaxOffset: 0,
    tryUnlockTimes: 0,
  }
}
