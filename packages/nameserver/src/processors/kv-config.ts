import { KVTable, ok, type Processors, ResponseCode, refuse } from '@rockhopper/remoting'
import type { NameServerParts } from '../parts.js'

/** Codes 100, 101, 102 and 219. */
export function kvProcessors({ kv }: Pick<NameServerParts, 'kv'>): Processors {
  return {
    PUT_KV_CONFIG: async ({ namespace, key, value }) => {
      if (await kv.put(namespace, key, value)) return ok()
      return refuse(ResponseCode.SYSTEM_ERROR, 'the KV configuration is full')
    },
    GET_KV_CONFIG: ({ namespace, key }) => {
      const value = kv.get(namespace, key)
      if (value !== undefined) return ok({ value })
      return refuse(ResponseCode.QUERY_NOT_FOUND, `No config item, Namespace: ${namespace} Key: ${key}`)
    },
    DELETE_KV_CONFIG: async ({ namespace, key }) => {
      await kv.delete(namespace, key)
      return ok()
    },
    GET_KVLIST_BY_NAMESPACE: ({ namespace }) => {
      const table = kv.table(namespace)
      if (table !== undefined) return ok({}, KVTable.encode({ table }))
      return refuse(ResponseCode.QUERY_NOT_FOUND, `No config item, Namespace: ${namespace}`)
    },
  }
}
