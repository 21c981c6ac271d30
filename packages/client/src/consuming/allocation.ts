import type { MessageQueue } from '@rockhopper/remoting'

/**
 * Splits the queues of a topic among the members of a group. Every member computes the same split alone, so
 * the outcome may depend on nothing but the arguments: `clientIds` sorted by code unit and containing
 * `clientId`, `queues` sorted as `compareQueues` says. Each queue goes to exactly one member (remoting.md
 * section 19).
 */
export interface AllocateStrategy {
  /** Apache's name: all members and the broker must agree on it. */
  readonly name: string
  allocate(
    queues: readonly MessageQueue[],
    clientIds: readonly string[],
    clientId: string,
  ): readonly MessageQueue[]
}

/**
 * Consecutive runs of queues; the first members get one more when it does not come out even
 * (AllocateMessageQueueAveragely).
 */
export const AVG: AllocateStrategy = {
  name: 'AVG',
  allocate(queues, clientIds, clientId) {
    const index = clientIds.indexOf(clientId)
    if (index < 0) return []
    const share = Math.floor(queues.length / clientIds.length)
    const longer = queues.length % clientIds.length
    const from = index * share + Math.min(index, longer)
    return queues.slice(from, from + share + (index < longer ? 1 : 0))
  },
}

/** One queue to each member in turn (AllocateMessageQueueAveragelyByCircle). */
export const AVG_BY_CIRCLE: AllocateStrategy = {
  name: 'AVG_BY_CIRCLE',
  allocate(queues, clientIds, clientId) {
    const index = clientIds.indexOf(clientId)
    if (index < 0) return []
    return queues.filter((_, at) => at % clientIds.length === index)
  },
}

/**
 * The queues this member was configured with, whoever else is there (AllocateMessageQueueByConfig). That
 * the members' lists are disjoint and complete is the operator's business. Queues that no longer exist are
 * left out.
 */
export const allocateByConfig = (configured: readonly MessageQueue[]): AllocateStrategy => ({
  name: 'CONFIG',
  allocate(queues) {
    const wanted = new Set(configured.map(queueKey))
    return queues.filter((queue) => wanted.has(queueKey(queue)))
  },
})

/** Topic, then broker name, both by code unit, then queue id (Apache: MessageQueue.compareTo). */
export function compareQueues(a: MessageQueue, b: MessageQueue): number {
  if (a.topic !== b.topic) return a.topic < b.topic ? -1 : 1
  if (a.brokerName !== b.brokerName) return a.brokerName < b.brokerName ? -1 : 1
  return a.queueId - b.queueId
}

/** A queue as a map key. The separator cannot occur in a topic name. */
export const queueKey = (queue: MessageQueue): string => `${queue.topic}@${queue.queueId}@${queue.brokerName}`
