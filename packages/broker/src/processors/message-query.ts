import { ok, type Processors, ResponseCode, refuse } from '@rockhopper/remoting'
import type { BrokerParts } from '../parts.js'

/** Codes 33 and 12. */
export function messageQuery({ store }: Pick<BrokerParts, 'store'>): Processors {
  return {
    VIEW_MESSAGE_BY_ID: async ({ offset }) => {
      const record = offset < 0 ? undefined : await store.lookMessageByOffset(offset)
      if (record !== undefined) return ok({}, record)
      return refuse(ResponseCode.SYSTEM_ERROR, `can not find message by the offset, ${offset}`)
    },
    // The store has no search by key yet: nothing is found.
    QUERY_MESSAGE: () =>
      refuse(ResponseCode.QUERY_NOT_FOUND, 'can not find message, maybe time range not correct'),
  }
}
