import { type ConfigTable, parseConfig } from '@rockhopper/broker'
import type { Env } from '@rockhopper/env'
import { NAME_SERVER_DEFAULTS, type NameServerConfig } from '@rockhopper/nameserver'
import { type Configuration, configurationOf } from './configuration.js'

/** Keys of Apache's NamesrvConfig and of its remoting server that have nothing to configure here. */
const APACHE_ONLY_KEYS: ReadonlySet<string> = new Set(
  `bindAddress clientOnewayUnregisterBrokerEnable clientRequestThreadPoolNums
  clientRequestThreadPoolQueueCapacity clusterTest configBlackList configStorePath
  defaultThreadPoolNums defaultThreadPoolQueueCapacity enableAllTopicList
  enableControllerInNamesrv enableTopicList needWaitForService notifyMinBrokerIdChanged
  productEnvName rocketmqHome serverAsyncSemaphoreValue serverCallbackExecutorThreads
  serverChannelMaxIdleTimeSeconds serverOnewaySemaphoreValue serverPooledByteBufAllocatorEnable
  serverSelectorThreads serverSocketBacklog serverSocketRcvBufSize serverSocketSndBufSize
  serverWorkerThreads unRegisterBrokerQueueCapacity useEpollNativeSelector waitSecondsForService
  writeBufferHighWaterMark writeBufferLowWaterMark`.split(/\s+/),
)

/** `-c namesrv.conf`, then trailing `key=value` words. */
export function nameserverConfiguration(
  env: Env,
  file: string | undefined,
  words: readonly string[],
): Configuration<NameServerConfig> {
  const parse = (text: string) => parseConfig<NameServerConfig>(text, KEYS, APACHE_ONLY_KEYS)
  return configurationOf(env, file, words, parse)
}

/** The keys that a name server takes, with the kind of value that its default has. */
const KEYS: ConfigTable = Object.fromEntries(
  Object.entries(NAME_SERVER_DEFAULTS).map(([key, fallback]) => [key, rowOf(fallback)]),
)

function rowOf(fallback: string | number | boolean): ConfigTable[string] {
  const notes = { doc: '', live: false }
  if (typeof fallback === 'boolean') return { kind: 'flag', fallback, ...notes }
  if (typeof fallback === 'string') return { kind: 'text', fallback, ...notes }
  return { kind: 'number', fallback, min: 0, max: 2 ** 31 - 1, ...notes }
}
