import {
  ConsumeMessageDirectlyResult,
  ConsumerConnection,
  ConsumerRunningInfo,
  type RequestHeader,
  ResetOffsetBody,
} from '@rockhopper/remoting'
import { accepted, type CallOptions, type Commands } from './commands.js'

/**
 * What tools ask of a group's consumers and do to its offsets, at one broker (remoting.md sections 23, 33).
 */
export function consumerCalls(commands: Commands) {
  return {
    /** Rejects with RESPONSE_REFUSED and code 206 when no member is connected there. */
    async consumerConnection(
      address: string,
      consumerGroup: string,
      options?: CallOptions,
    ): Promise<ConsumerConnection> {
      const call = commands.GET_CONSUMER_CONNECTION_LIST(address, { consumerGroup }, undefined, options)
      return ConsumerConnection.decode((await accepted('GET_CONSUMER_CONNECTION_LIST', address, call)).body)
    },
    async consumerRunningInfo(
      address: string,
      header: RequestHeader<'GET_CONSUMER_RUNNING_INFO'>,
      options?: CallOptions,
    ): Promise<ConsumerRunningInfo> {
      const call = commands.GET_CONSUMER_RUNNING_INFO(address, header, undefined, options)
      return ConsumerRunningInfo.decode((await accepted('GET_CONSUMER_RUNNING_INFO', address, call)).body)
    },
    async consumeMessageDirectly(
      address: string,
      header: RequestHeader<'CONSUME_MESSAGE_DIRECTLY'>,
      options?: CallOptions,
    ): Promise<ConsumeMessageDirectlyResult> {
      const call = commands.CONSUME_MESSAGE_DIRECTLY(address, header, undefined, options)
      return ConsumeMessageDirectlyResult.decode(
        (await accepted('CONSUME_MESSAGE_DIRECTLY', address, call)).body,
      )
    },
    /** Where each queue was set to. */
    async resetOffset(
      address: string,
      header: RequestHeader<'INVOKE_BROKER_TO_RESET_OFFSET'>,
      options?: CallOptions,
    ): Promise<ResetOffsetBody['offsetTable']> {
      const call = commands.INVOKE_BROKER_TO_RESET_OFFSET(address, header, undefined, options)
      return ResetOffsetBody.decode((await accepted('INVOKE_BROKER_TO_RESET_OFFSET', address, call)).body)
        .offsetTable
    },
    async cloneGroupOffset(
      address: string,
      header: RequestHeader<'CLONE_GROUP_OFFSET'>,
      options?: CallOptions,
    ): Promise<void> {
      const call = commands.CLONE_GROUP_OFFSET(address, header, undefined, options)
      await accepted('CLONE_GROUP_OFFSET', address, call)
    },
  }
}
