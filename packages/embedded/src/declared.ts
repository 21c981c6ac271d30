import type { ClientApi } from '@rockhopper/client/api'
import { checkGroup, checkTopic, MqError, PermName, SystemTopic } from '@rockhopper/message'
import { SubscriptionGroupConfig } from '@rockhopper/remoting'
import { declaredTopics, type ServerConfig } from './server-config.js'

const QUEUES_MAX = 1024

/** Refuses a bad declaration before anything was started. */
export function checkDeclared(config: ServerConfig): void {
  for (const { topic, queues } of declaredTopics(config)) {
    const reason = checkTopic(topic)
    if (reason !== undefined) throw new MqError('TOPIC_ILLEGAL', `Declaring the topic '${topic}': ${reason}`)
    if (!Number.isInteger(queues) || queues < 1 || queues > QUEUES_MAX) {
      const range = `1 to ${QUEUES_MAX} are possible`
      throw new MqError('ARGUMENT_ILLEGAL', `Declaring the topic '${topic}' with ${queues} queues; ${range}`)
    }
  }
  for (const group of config.groups ?? []) {
    const reason = checkGroup(group)
    if (reason !== undefined) throw new MqError('GROUP_ILLEGAL', `Declaring the group '${group}': ${reason}`)
  }
}

/**
 * Creates the declared topics and groups at one broker, by the commands any admin tool sends. A topic
 * that the store holds already gets the declared number of queues.
 */
export async function createDeclared(api: ClientApi, address: string, config: ServerConfig): Promise<void> {
  const topics = declaredTopics(config).map(async ({ topic, queues }) => {
    const header = {
      topic,
      defaultTopic: SystemTopic.AUTO_CREATE,
      readQueueNums: queues,
      writeQueueNums: queues,
      perm: PermName.READ | PermName.WRITE,
      topicFilterType: 'SINGLE_TAG',
      topicSysFlag: 0,
      order: false,
    }
    await api.createTopic(address, header)
  })
  const groups = (config.groups ?? []).map(async (groupName) => {
    await api.updateSubscriptionGroup(address, SubscriptionGroupConfig.read({ groupName }, 'group'))
  })
  await Promise.all([...topics, ...groups])
}
