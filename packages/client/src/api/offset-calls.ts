import { type MessageQueue, ResponseCode } from '@rockhopper/remoting'
import { accepted, type CallOptions, type Commands } from './commands.js'

/** Queue bounds and consumer offsets (remoting.md section 18). Addresses are those of the queue's broker. */
export function offsetCalls(commands: Commands) {
  return {
    /** The group's committed offset, or undefined when there is none. */
    async queryConsumerOffset(
      address: string,
      consumerGroup: string,
      queue: MessageQueue,
      options?: CallOptions,
    ) {
      const header = { consumerGroup, topic: queue.topic, queueId: queue.queueId }
      const call = commands.QUERY_CONSUMER_OFFSET(address, header, undefined, options)
      const answer = await accepted('QUERY_CONSUMER_OFFSET', address, call, [ResponseCode.QUERY_NOT_FOUND])
      return answer.code === ResponseCode.SUCCESS ? answer.header.offset : undefined
    },
    async updateConsumerOffset(
      address: string,
      consumerGroup: string,
      { topic, queueId }: MessageQueue,
      commitOffset: number,
      options?: CallOptions,
    ): Promise<void> {
      const header = { consumerGroup, topic, queueId, commitOffset }
      await accepted(
        'UPDATE_CONSUMER_OFFSET',
        address,
        commands.UPDATE_CONSUMER_OFFSET(address, header, undefined, options),
      )
    },
    /** The first offset that exists. */
    async minOffset(
      address: string,
      { topic, queueId }: MessageQueue,
      options?: CallOptions,
    ): Promise<number> {
      const call = commands.GET_MIN_OFFSET(address, { topic, queueId }, undefined, options)
      return (await accepted('GET_MIN_OFFSET', address, call)).header.offset
    },
    /** The offset that the next message will get. */
    async maxOffset(
      address: string,
      { topic, queueId }: MessageQueue,
      options?: CallOptions,
    ): Promise<number> {
      const call = commands.GET_MAX_OFFSET(address, { topic, queueId }, undefined, options)
      return (await accepted('GET_MAX_OFFSET', address, call)).header.offset
    },
    /** The first message stored at `timestamp` (ms since 1970) or later. */
    async searchOffset(
      address: string,
      { topic, queueId }: MessageQueue,
      timestamp: number,
      options?: CallOptions,
    ): Promise<number> {
      const call = commands.SEARCH_OFFSET_BY_TIMESTAMP(
        address,
        { topic, queueId, timestamp },
        undefined,
        options,
      )
      return (await accepted('SEARCH_OFFSET_BY_TIMESTAMP', address, call)).header.offset
    },
  }
}
