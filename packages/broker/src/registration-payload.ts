import type { Compute } from '@rockhopper/env'
import { hostText } from '@rockhopper/message'
import { type DataVersion, RegisterBrokerBody, type TopicConfig } from '@rockhopper/remoting'
import type { BrokerParts } from './parts.js'
import type { RegistrationPayload } from './registration.js'

/**
 * What this broker tells name servers now: the whole topic table, or what is new in it since a version that
 * the name server still has (Apache: registerIncrementBrokerData).
 */
export function registrationPayload(
  { config, storeHost, topics }: Pick<BrokerParts, 'config' | 'storeHost' | 'topics'>,
  compute: Compute,
  since?: DataVersion,
): RegistrationPayload {
  const { dataVersion } = topics
  const changes = since === undefined ? undefined : topics.changesSince(since.counter)
  const body = RegisterBrokerBody.encode({
    filterServerList: [],
    topicConfigSerializeWrapper: {
      dataVersion,
      topicConfigTable: permitted(changes ?? topics.entries, config.brokerPermission),
    },
  })
  const haPort = config.haListenPort === 0 ? storeHost.port + 1 : config.haListenPort
  return {
    header: {
      brokerName: config.brokerName,
      brokerAddr: hostText(storeHost),
      clusterName: config.brokerClusterName,
      haServerAddr: hostText({ address: storeHost.address, port: haPort }),
      brokerId: config.brokerId,
      bodyCrc32: compute.crc32(body) & 0x7fff_ffff,
      compressed: false,
      enableActingMaster: false,
      ...(config.zoneName === '' ? {} : { __ZONE_NAME: config.zoneName }),
    },
    body,
    dataVersion,
  }
}

const READ_WRITE = 6

/** A broker that may not be read or written has no topic that may (Apache: registerBrokerAll). */
function permitted(
  entries: ReadonlyMap<string, TopicConfig>,
  brokerPermission: number,
): ReadonlyMap<string, TopicConfig> {
  if ((brokerPermission & READ_WRITE) === READ_WRITE) return entries
  return new Map(
    [...entries].map(([name, config]) => [name, { ...config, perm: config.perm & brokerPermission }]),
  )
}
