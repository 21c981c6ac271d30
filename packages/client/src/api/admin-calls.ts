import { decodeRecords, type MessageExt, messageKeys, Property } from '@rockhopper/message'
import {
  ClusterInfo,
  ConsumeStats,
  type RequestHeader,
  ResponseCode,
  SubscriptionGroupConfig,
  TopicList,
  TopicStatsTable,
} from '@rockhopper/remoting'
import { accepted, type CallOptions, type Commands } from './commands.js'

/** Administration of one broker or name server (remoting.md section 33). */
export function adminCalls(commands: Commands) {
  return {
    /** Records whose index entry has the key's hash and that hold the key; none when nothing was found. */
    async queryMessage(
      address: string,
      header: RequestHeader<'QUERY_MESSAGE'>,
      options?: CallOptions,
    ): Promise<MessageExt[]> {
      const call = commands.QUERY_MESSAGE(address, header, undefined, options)
      const answer = await accepted('QUERY_MESSAGE', address, call, [ResponseCode.QUERY_NOT_FOUND])
      if (answer.code !== ResponseCode.SUCCESS || answer.body === undefined) return []
      const { key, _UNIQUE_KEY_QUERY: unique } = header
      return decodeRecords(answer.body).filter(({ properties }) =>
        unique === true ? properties[Property.UNIQ_KEY] === key : messageKeys(properties).includes(key),
      )
    },

    async createTopic(
      address: string,
      header: RequestHeader<'UPDATE_AND_CREATE_TOPIC'>,
      options?: CallOptions,
    ): Promise<void> {
      const call = commands.UPDATE_AND_CREATE_TOPIC(address, header, undefined, options)
      await accepted('UPDATE_AND_CREATE_TOPIC', address, call)
    },
    async deleteTopicInBroker(address: string, topic: string, options?: CallOptions): Promise<void> {
      const call = commands.DELETE_TOPIC_IN_BROKER(address, { topic }, undefined, options)
      await accepted('DELETE_TOPIC_IN_BROKER', address, call)
    },
    async deleteTopicInNameServer(address: string, topic: string, options?: CallOptions): Promise<void> {
      const call = commands.DELETE_TOPIC_IN_NAMESRV(address, { topic }, undefined, options)
      await accepted('DELETE_TOPIC_IN_NAMESRV', address, call)
    },
    async updateSubscriptionGroup(
      address: string,
      config: SubscriptionGroupConfig,
      options?: CallOptions,
    ): Promise<void> {
      const body = SubscriptionGroupConfig.encode(config)
      const call = commands.UPDATE_AND_CREATE_SUBSCRIPTIONGROUP(address, {}, body, options)
      await accepted('UPDATE_AND_CREATE_SUBSCRIPTIONGROUP', address, call)
    },
    async topicStats(address: string, topic: string, options?: CallOptions): Promise<TopicStatsTable> {
      const call = commands.GET_TOPIC_STATS_INFO(address, { topic }, undefined, options)
      return TopicStatsTable.decode((await accepted('GET_TOPIC_STATS_INFO', address, call)).body)
    },
    async consumeStats(
      address: string,
      consumerGroup: string,
      topic?: string,
      options?: CallOptions,
    ): Promise<ConsumeStats> {
      const header = { consumerGroup, ...(topic === undefined ? {} : { topic }) }
      const call = commands.GET_CONSUME_STATS(address, header, undefined, options)
      return ConsumeStats.decode((await accepted('GET_CONSUME_STATS', address, call)).body)
    },
    /** From a name server. */
    async clusterInfo(address: string, options?: CallOptions): Promise<ClusterInfo> {
      const call = commands.GET_BROKER_CLUSTER_INFO(address, {}, undefined, options)
      return ClusterInfo.decode((await accepted('GET_BROKER_CLUSTER_INFO', address, call)).body)
    },
    /** From a name server. */
    async topicList(address: string, options?: CallOptions): Promise<readonly string[]> {
      const call = commands.GET_ALL_TOPIC_LIST_FROM_NAMESERVER(address, {}, undefined, options)
      return TopicList.decode((await accepted('GET_ALL_TOPIC_LIST_FROM_NAMESERVER', address, call)).body)
        .topicList
    },
  }
}
