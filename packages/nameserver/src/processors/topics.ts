import { TopicSysFlag } from '@rockhopper/message'
import { ok, type Processors, TopicList, TopicRouteData } from '@rockhopper/remoting'
import type { NameServerParts } from '../parts.js'
import { systemTopics, topicsOfCluster } from '../route-queries.js'

/** Codes 206, 216, 217, 224, 304, 311 to 313, 205 and 327. */
export function topicProcessors({ routes }: Pick<NameServerParts, 'routes'>): Processors {
  const list = (topicList: string[]) => ok({}, TopicList.encode({ topicList }))
  const withFlags = (matches: (topicSysFlag: number) => boolean) => {
    const topics = [...routes.topics].filter(([, queues]) => {
      const first = queues.values().next().value
      return first !== undefined && matches(first.topicSysFlag)
    })
    return list(topics.map(([topic]) => topic))
  }
  const has = (flags: number, flag: number) => (flags & flag) !== 0
  return {
    GET_ALL_TOPIC_LIST_FROM_NAMESERVER: () => list([...routes.topics.keys()]),
    GET_TOPICS_BY_CLUSTER: ({ cluster }) => list(topicsOfCluster(routes, cluster)),
    GET_SYSTEM_TOPIC_LIST_FROM_NS: () => ok({}, TopicList.encode(systemTopics(routes))),
    GET_UNIT_TOPIC_LIST: () => withFlags((flags) => has(flags, TopicSysFlag.UNIT)),
    GET_HAS_UNIT_SUB_TOPIC_LIST: () => withFlags((flags) => has(flags, TopicSysFlag.UNIT_SUB)),
    GET_HAS_UNIT_SUB_UNUNIT_TOPIC_LIST: () =>
      withFlags((flags) => !has(flags, TopicSysFlag.UNIT) && has(flags, TopicSysFlag.UNIT_SUB)),
    DELETE_TOPIC_IN_NAMESRV: ({ topic, clusterName }) => {
      routes.deleteTopic(topic, clusterName === '' ? undefined : clusterName)
      return ok()
    },
    REGISTER_TOPIC_IN_NAMESRV: ({ topic }, { body }) => {
      routes.addQueues(topic, TopicRouteData.decode(body).queueDatas)
      return ok()
    },
    WIPE_WRITE_PERM_OF_BROKER: ({ brokerName }) =>
      ok({ wipeTopicCount: routes.setWritable(brokerName, false) }),
    ADD_WRITE_PERM_OF_BROKER: ({ brokerName }) => ok({ addTopicCount: routes.setWritable(brokerName, true) }),
  }
}
