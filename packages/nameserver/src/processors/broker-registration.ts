import {
  DataVersion,
  KVTable,
  ok,
  type Processors,
  type Reply,
  type Request,
  type RequestHeader,
  ResponseCode,
  refuse,
} from '@rockhopper/remoting'
import { sameDataVersion } from '../data-version.js'
import { ORDER_TOPIC_CONFIG } from '../kv-config.js'
import type { NameServerParts } from '../parts.js'
import { readRegistration } from '../registration-body.js'

const NO_BODY = Buffer.alloc(0)

/** Codes 103, 104, 322 and 904 (remoting.md section 16). */
export function registrationProcessors(parts: NameServerParts): Processors {
  const { routes } = parts
  return {
    REGISTER_BROKER: (header, request) => register(parts, header, request),
    UNREGISTER_BROKER: ({ brokerAddr, brokerId, brokerName, clusterName }) => {
      routes.unregister({ brokerAddr, brokerId, brokerName, clusterName })
      return ok()
    },
    QUERY_DATA_VERSION: (header, { body }) => {
      const asked = DataVersion.decode(body)
      const known = routes.live(header)?.dataVersion
      const changed = known === undefined || !sameDataVersion(known, asked)
      if (!changed) routes.touch(header)
      return ok({ changed }, known === undefined ? undefined : DataVersion.encode(known))
    },
    BROKER_HEARTBEAT: (header) => {
      routes.touch(header)
      return ok()
    },
  }
}

async function register(
  parts: NameServerParts,
  header: RequestHeader<'REGISTER_BROKER'>,
  { body, connection, version }: Request,
): Promise<Reply<'REGISTER_BROKER'>> {
  const { compute, config, kv, log, routes } = parts
  if (header.bodyCrc32 && (compute.crc32(body ?? NO_BODY) & 0x7fff_ffff) !== header.bodyCrc32) {
    return refuse(ResponseCode.SYSTEM_ERROR, 'crc32 not match')
  }
  const read = await readRegistration(compute, body ?? NO_BODY, {
    compressed: header.compressed === true,
    version,
  })
  // Inflating took a while: a broker that left meanwhile is not registered, or it would stay until its
  // timeout.
  if (connection.closed)
    return refuse(ResponseCode.SYSTEM_ERROR, 'register broker failed: the connection closed')
  const result = routes.register(
    {
      clusterName: header.clusterName,
      brokerName: header.brokerName,
      brokerId: header.brokerId,
      brokerAddr: header.brokerAddr,
      haServerAddr: header.haServerAddr,
      enableActingMaster: header.enableActingMaster,
      heartbeatTimeoutMs: header.heartbeatTimeoutMillis,
      zoneName: header.__ZONE_NAME,
      ...read,
    },
    connection,
  )
  if (result.kind === 'refused') {
    log.warn('BROKER_REFUSED', {
      brokerName: header.brokerName,
      brokerAddr: header.brokerAddr,
      reason: result.reason,
    })
    return refuse(ResponseCode.SYSTEM_ERROR, result.reason)
  }
  const table = config.returnOrderTopicConfigToBroker ? kv.table(ORDER_TOPIC_CONFIG) : undefined
  return ok(
    { haServerAddr: result.haServerAddr, masterAddr: result.masterAddr },
    table === undefined ? undefined : KVTable.encode({ table }),
  )
}
