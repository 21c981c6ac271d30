import type { MessageQueue } from '@rockhopper/remoting'

/** The queues of one client; both lists are sorted and the client is among the ids. */
export type QueueAllocation = (
  queues: readonly MessageQueue[],
  clientIds: readonly string[],
  clientId: string,
) => readonly MessageQueue[]

/** Strategies that a broker knows, by the name in the request (Apache: QueryAssignmentProcessor). */
export const QUEUE_ALLOCATIONS: ReadonlyMap<string, QueueAllocation> = new Map([
  ['AVG', averagely],
  ['AVG_BY_CIRCLE', byCircle],
])

/** Neighbouring queues to each, the first clients get one more (Apache: AllocateMessageQueueAveragely). */
function averagely(
  queues: readonly MessageQueue[],
  clientIds: readonly string[],
  clientId: string,
): readonly MessageQueue[] {
  const index = clientIds.indexOf(clientId)
  const more = queues.length % clientIds.length
  const each = Math.floor(queues.length / clientIds.length)
  const start = index * each + Math.min(index, more)
  return queues.slice(start, start + each + (index < more ? 1 : 0))
}

/** One after another in turn (Apache: AllocateMessageQueueAveragelyByCircle). */
function byCircle(
  queues: readonly MessageQueue[],
  clientIds: readonly string[],
  clientId: string,
): readonly MessageQueue[] {
  const index = clientIds.indexOf(clientId)
  return queues.filter((_, at) => at % clientIds.length === index)
}

/**
 * Queues that a client pops (Apache: allocate4Pop). Without sharing every client pops all queues of each
 * broker, which `queueId` -1 stands for; else each one its own and those of the `shareNum` clients behind it.
 */
export function allocateForPop(
  allocate: QueueAllocation,
  queues: readonly MessageQueue[],
  clientIds: readonly string[],
  clientId: string,
  shareNum: number,
): readonly MessageQueue[] {
  if (shareNum <= 0 || shareNum >= clientIds.length - 1) {
    const brokers = new Map(queues.map((queue) => [queue.brokerName, { ...queue, queueId: -1 }]))
    return [...brokers.values()]
  }
  const index = clientIds.indexOf(clientId)
  if (index < 0) return []
  if (clientIds.length > queues.length) {
    const queue = queues[index % queues.length]
    return queue === undefined ? [] : [queue]
  }
  const found: MessageQueue[] = []
  for (let step = 0; step <= shareNum; step++) {
    const id = clientIds[(index + step) % clientIds.length] as string
    found.push(...allocate(queues, clientIds, id))
  }
  return found
}
