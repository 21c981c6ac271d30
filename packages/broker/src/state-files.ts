import type { Disk } from '@rockhopper/env'
import {
  ConsumerFilterWrapper,
  ConsumerOffsetWrapper,
  ConsumerOrderInfoWrapper,
  DelayOffsetWrapper,
  MessageRequestModeWrapper,
  SubscriptionGroupWrapper,
  TopicConfigSerializeWrapper,
  TransactionMetricsBody,
} from '@rockhopper/remoting'
import { type StateFile, stateFile } from '@rockhopper/store'

/** A file and what it held when the broker started. */
export interface LoadedFile<T> {
  readonly file: StateFile
  readonly saved: T | undefined
}

export interface BrokerStateFiles {
  readonly topics: LoadedFile<TopicConfigSerializeWrapper>
  readonly groups: LoadedFile<SubscriptionGroupWrapper>
  readonly consumerOffsets: LoadedFile<ConsumerOffsetWrapper>
  readonly consumerFilters: LoadedFile<ConsumerFilterWrapper>
  readonly delayOffsets: LoadedFile<DelayOffsetWrapper>
  readonly transactionMetrics: LoadedFile<TransactionMetricsBody>
  readonly timerMetrics: StateFile
  readonly consumerOrders: LoadedFile<ConsumerOrderInfoWrapper>
  readonly messageRequestModes: LoadedFile<MessageRequestModeWrapper>
}

/** The broker's JSON files in `<store>/config`, under Apache's names (store-format.md section 12). */
export function brokerStateFiles(disk: Disk, storePathRootDir: string): BrokerStateFiles {
  const open = <T>(name: string, body: { decode(bytes: Uint8Array): T }): LoadedFile<T> => {
    const file = stateFile(disk, `${storePathRootDir}/config/${name}`)
    return { file, saved: file.load((text) => body.decode(Buffer.from(text))) }
  }
  return {
    topics: open('topics.json', TopicConfigSerializeWrapper),
    groups: open('subscriptionGroup.json', SubscriptionGroupWrapper),
    consumerOffsets: open('consumerOffset.json', ConsumerOffsetWrapper),
    consumerFilters: open('consumerFilter.json', ConsumerFilterWrapper),
    delayOffsets: open('delayOffset.json', DelayOffsetWrapper),
    transactionMetrics: open('transactionMetrics', TransactionMetricsBody),
    timerMetrics: stateFile(disk, `${storePathRootDir}/config/timermetrics`),
    consumerOrders: open('consumerOrderInfo.json', ConsumerOrderInfoWrapper),
    messageRequestModes: open('messageRequestMode.json', MessageRequestModeWrapper),
  }
}
