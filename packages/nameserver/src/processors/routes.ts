import {
  BrokerMemberGroupBody,
  ClusterInfo,
  ok,
  type Processors,
  ResponseCode,
  refuse,
  TopicRouteData,
  Version,
} from '@rockhopper/remoting'
import { ORDER_TOPIC_CONFIG } from '../kv-config.js'
import type { NameServerParts } from '../parts.js'
import { addressMap, clusterInfo, topicRoute } from '../route-queries.js'

const FAQ = 'See https://rocketmq.apache.org/docs/bestPractice/06FAQ for further details.'

/** Codes 105, 106 and 901 (remoting.md section 15). */
export function routeProcessors({ config, kv, routes }: NameServerParts): Processors {
  return {
    GET_ROUTEINFO_BY_TOPIC: ({ topic, acceptStandardJsonOnly, ...zone }, { version }) => {
      const zoneName = zone.__ZONE_MODE === true ? zone.__ZONE_NAME : undefined
      const route = topicRoute(routes, topic, { supportActingMaster: config.supportActingMaster, zoneName })
      if (route === undefined) {
        return refuse(
          ResponseCode.TOPIC_NOT_EXIST,
          `No topic route info in name server for the topic: ${topic}\n${FAQ}`,
        )
      }
      const orderTopicConf = config.orderMessageEnable ? kv.get(ORDER_TOPIC_CONFIG, topic) : undefined
      const standard = acceptStandardJsonOnly === true || version >= Version.V4_9_4
      const data = orderTopicConf === undefined ? route : { ...route, orderTopicConf }
      return ok({}, TopicRouteData.encode(data, standard ? { standard } : { rawIntegerKeys: true }))
    },
    GET_BROKER_CLUSTER_INFO: () => ok({}, ClusterInfo.encode(clusterInfo(routes))),
    GET_BROKER_MEMBER_GROUP: ({ clusterName, brokerName }) => {
      const group = routes.groups.get(brokerName)
      const brokerAddrs = group === undefined || group.cluster !== clusterName ? new Map() : addressMap(group)
      const brokerMemberGroup = { brokerAddrs, brokerName, cluster: clusterName }
      return ok({}, BrokerMemberGroupBody.encode({ brokerMemberGroup }))
    },
  }
}
