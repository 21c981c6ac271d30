import {
  ResponseCode,
  SubscriptionGroupConfig,
  SubscriptionGroupWrapper,
  TopicConfigAndQueueMapping,
} from '@rockhopper/remoting'
import { accepted, type CallOptions, type Commands } from './commands.js'

const GROUPS_A_PAGE = 2_000

/** What a broker knows of its topics and groups (remoting.md section 33). */
export function configurationCalls(commands: Commands) {
  return {
    /** Undefined when the broker has no such topic; asking makes none. */
    async topicConfig(
      address: string,
      topic: string,
      options?: CallOptions,
    ): Promise<TopicConfigAndQueueMapping | undefined> {
      const call = commands.GET_TOPIC_CONFIG(address, { topic }, undefined, options)
      const answer = await accepted('GET_TOPIC_CONFIG', address, call, [ResponseCode.TOPIC_NOT_EXIST])
      return answer.code === ResponseCode.SUCCESS ? TopicConfigAndQueueMapping.decode(answer.body) : undefined
    },
    /** Undefined when there is none. A broker that makes groups on demand makes it. */
    async subscriptionGroup(
      address: string,
      group: string,
      options?: CallOptions,
    ): Promise<SubscriptionGroupConfig | undefined> {
      const call = commands.GET_SUBSCRIPTIONGROUP_CONFIG(address, { group }, undefined, options)
      const none = [ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST]
      const answer = await accepted('GET_SUBSCRIPTIONGROUP_CONFIG', address, call, none)
      return answer.code === ResponseCode.SUCCESS ? SubscriptionGroupConfig.decode(answer.body) : undefined
    },
    /** All groups of the broker; asking for one alone would make it where groups are made on demand. */
    async subscriptionGroups(
      address: string,
      options?: CallOptions,
    ): Promise<ReadonlyMap<string, SubscriptionGroupConfig>> {
      const all = new Map<string, SubscriptionGroupConfig>()
      for (;;) {
        // Apache pages since 5.4 (splitMetadataSize); a broker that does not leaves totalGroupNum out.
        const header = { groupSeq: all.size, maxGroupNum: GROUPS_A_PAGE }
        const call = commands.GET_ALL_SUBSCRIPTIONGROUP_CONFIG(address, header, undefined, options)
        const { header: given, body } = await accepted('GET_ALL_SUBSCRIPTIONGROUP_CONFIG', address, call)
        const page = SubscriptionGroupWrapper.decode(body).subscriptionGroupTable
        const known = all.size
        for (const [name, config] of page) all.set(name, config)
        if (all.size === known || all.size >= (given.totalGroupNum ?? 0)) return all
      }
    },
  }
}
