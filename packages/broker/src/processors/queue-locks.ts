import {
  LockBatchRequestBody,
  LockBatchResponseBody,
  ok,
  type Request,
  type RequestHeader,
} from '@rockhopper/remoting'
import type { BrokerParts } from '../parts.js'

/** Codes 41 and 42: the queues an orderly consumer may take (remoting.md section 19). */
export function lockProcessors({ locks }: Pick<BrokerParts, 'locks'>) {
  return {
    LOCK_BATCH_MQ: (_header: RequestHeader<'LOCK_BATCH_MQ'>, { body }: Request) => {
      const { consumerGroup, clientId, mqSet } = LockBatchRequestBody.decode(body)
      const lockOKMQSet = locks.lock(consumerGroup, clientId, mqSet)
      return ok({}, LockBatchResponseBody.encode({ lockOKMQSet }))
    },
    UNLOCK_BATCH_MQ: (_header: RequestHeader<'UNLOCK_BATCH_MQ'>, { body }: Request) => {
      const { consumerGroup, clientId, mqSet } = LockBatchRequestBody.decode(body)
      locks.unlock(consumerGroup, clientId, mqSet)
      return ok()
    },
  }
}
