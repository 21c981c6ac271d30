import {
  CheckClientRequestBody,
  ConsumerIdList,
  HeartbeatData,
  LockBatchRequestBody,
  LockBatchResponseBody,
  type MessageQueue,
  type RequestHeader,
  ResponseCode,
} from '@rockhopper/remoting'
import { accepted, type CallOptions, type Commands } from './commands.js'

export interface LockRequest {
  readonly consumerGroup: string
  readonly clientId: string
  readonly queues: readonly MessageQueue[]
}

/** Groups and their members, queue locks (remoting.md sections 14 and 19). */
export function membershipCalls(commands: Commands) {
  const lockBody = ({ consumerGroup, clientId, queues }: LockRequest): Buffer =>
    LockBatchRequestBody.encode({ consumerGroup, clientId, mqSet: queues, onlyThisBroker: false })
  return {
    async heartbeat(address: string, data: HeartbeatData, options?: CallOptions): Promise<void> {
      await accepted(
        'HEART_BEAT',
        address,
        commands.HEART_BEAT(address, {}, HeartbeatData.encode(data), options),
      )
    },
    async unregisterClient(
      address: string,
      header: RequestHeader<'UNREGISTER_CLIENT'>,
      options?: CallOptions,
    ): Promise<void> {
      await accepted(
        'UNREGISTER_CLIENT',
        address,
        commands.UNREGISTER_CLIENT(address, header, undefined, options),
      )
    },
    /** Rejects with RESPONSE_REFUSED when the broker does not serve the subscription's expression. */
    async checkSubscription(
      address: string,
      data: CheckClientRequestBody,
      options?: CallOptions,
    ): Promise<void> {
      const body = CheckClientRequestBody.encode(data)
      await accepted('CHECK_CLIENT_CONFIG', address, commands.CHECK_CLIENT_CONFIG(address, {}, body, options))
    },
    /** Client ids of a group's members as this broker knows them; empty when it knows none (code 1). */
    async consumerIds(address: string, consumerGroup: string, options?: CallOptions): Promise<string[]> {
      const call = commands.GET_CONSUMER_LIST_BY_GROUP(address, { consumerGroup }, undefined, options)
      const answer = await accepted('GET_CONSUMER_LIST_BY_GROUP', address, call, [ResponseCode.SYSTEM_ERROR])
      if (answer.code !== ResponseCode.SUCCESS) return []
      return [...ConsumerIdList.decode(answer.body).consumerIdList]
    },
    /** The queues that are the client's now. */
    async lockQueues(
      address: string,
      request: LockRequest,
      options?: CallOptions,
    ): Promise<readonly MessageQueue[]> {
      const call = commands.LOCK_BATCH_MQ(address, {}, lockBody(request), options)
      return LockBatchResponseBody.decode((await accepted('LOCK_BATCH_MQ', address, call)).body).lockOKMQSet
    },
    async unlockQueues(address: string, request: LockRequest, options?: CallOptions): Promise<void> {
      await accepted(
        'UNLOCK_BATCH_MQ',
        address,
        commands.UNLOCK_BATCH_MQ(address, {}, lockBody(request), options),
      )
    },
  }
}
