import { ok, type Processors, ResponseCode, refuse } from '@rockhopper/remoting'
import type { BrokerParts } from '../parts.js'

/** Codes 33 and 12. */
export function messageQuery({
  clock,
  config,
  store,
}: Pick<BrokerParts, 'clock' | 'config' | 'store'>): Processors {
  return {
    VIEW_MESSAGE_BY_ID: async ({ offset }) => {
      const record = offset < 0 ? undefined : await store.lookMessageByOffset(offset)
      if (record !== undefined) return ok({}, record)
      return refuse(ResponseCode.SYSTEM_ERROR, `can not find message by the offset, ${offset}`)
    },
    QUERY_MESSAGE: async (header) => {
      const { beginTimestamp, endTimestamp, key, topic } = header
      const countMax = Math.min(Math.max(1, header.maxNum), config.defaultQueryMaxNum)
      const found = await store.queryMessage(topic, key, countMax, beginTimestamp, endTimestamp)
      // A tool shows these two; dispatch and index follow the log without a gap.
      const progress = {
        indexLastUpdatePhyoffset: store.maxPhysicalOffset,
        indexLastUpdateTimestamp: clock.now(),
      }
      if (found.length > 0) return ok(progress, found)
      return refuse(
        ResponseCode.QUERY_NOT_FOUND,
        'can not find message, maybe time range not correct',
        progress,
      )
    },
  }
}
