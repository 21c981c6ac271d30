import { MqError } from '@rockhopper/message'
import type { MessageQueue } from '@rockhopper/remoting'
import type { QueueSelector } from '../producer-options.js'
import { type AllocateStrategy, AVG } from './allocation.js'

/** Where brokers and clients are: the name of a machine room, a zone or a region, never empty. */
export interface MachineRoomResolver {
  brokerDeployIn(queue: MessageQueue): string
  consumerDeployIn(clientId: string): string
}

/**
 * Only the queues of brokers in these rooms, in consecutive runs; a broker is named `room@name`. Queues in
 * other rooms are nobody's of this group (AllocateMessageQueueByMachineRoom).
 */
export function allocateByMachineRoom(rooms: readonly string[]): AllocateStrategy {
  const wanted = new Set(rooms)
  return {
    name: 'MACHINE_ROOM',
    allocate(queues, clientIds, clientId) {
      const index = clientIds.indexOf(clientId)
      if (index < 0) return []
      const within = queues.filter((queue) => isIn(queue, wanted))
      const share = Math.floor(within.length / clientIds.length)
      // Unlike AVG, what does not come out even goes one by one behind all the runs.
      const over = within[index + share * clientIds.length]
      const run = within.slice(index * share, (index + 1) * share)
      return over === undefined ? run : [...run, over]
    },
  }
}

/**
 * Members take the queues of their own room, shared out by `strategy`; the queues of a room without a member
 * are shared by all (AllocateMachineRoomNearby). A resolver that names no room makes the rebalance fail
 * with ARGUMENT_ILLEGAL, and the queues stay as they are.
 */
export function allocateMachineRoomNearby(
  resolver: MachineRoomResolver,
  strategy: AllocateStrategy = AVG,
): AllocateStrategy {
  return {
    name: `MACHINE_ROOM_NEARBY-${strategy.name}`,
    allocate(queues, clientIds, clientId) {
      if (!clientIds.includes(clientId)) return []
      const queuesOf = grouped(queues, (queue) => resolver.brokerDeployIn(queue))
      const membersOf = grouped(clientIds, (each) => resolver.consumerDeployIn(each))
      const own = resolver.consumerDeployIn(clientId)
      const near = strategy.allocate(queuesOf.get(own) ?? [], membersOf.get(own) ?? [], clientId)
      const orphaned = [...queuesOf].filter(([room]) => room !== own && !membersOf.has(room)).sort(byRoom)
      return [...near, ...orphaned.flatMap(([, some]) => strategy.allocate(some, clientIds, clientId))]
    },
  }
}

/**
 * The queues of brokers in these rooms, one after the other; a broker is named `room@name`. Apache's
 * SelectMessageQueueByMachineRoom has the rooms but selects nothing. Throws QUEUE_NOT_FOUND when no queue is
 * there.
 */
export function selectByMachineRoom(rooms: readonly string[]): QueueSelector {
  const wanted = new Set(rooms)
  let next = 0
  return (queues, { topic }) => {
    const within = queues.filter((queue) => isIn(queue, wanted))
    const chosen = within[next++ % within.length]
    if (chosen !== undefined) return chosen
    throw new MqError('QUEUE_NOT_FOUND', `Sending to '${topic}': no broker in ${rooms.join(' or ')} has it`)
  }
}

function isIn({ brokerName }: MessageQueue, rooms: ReadonlySet<string>): boolean {
  const [room = '', name, ...more] = brokerName.split('@')
  return name !== undefined && more.length === 0 && rooms.has(room)
}

function grouped<T>(values: readonly T[], roomOf: (value: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const value of values) {
    const room = roomOf(value)
    if (room === undefined || room === '') {
      const what = typeof value === 'string' ? value : JSON.stringify(value)
      throw new MqError('ARGUMENT_ILLEGAL', `Sharing out queues: the resolver names no room for ${what}`)
    }
    const some = groups.get(room)
    if (some === undefined) groups.set(room, [value])
    else some.push(value)
  }
  return groups
}

/** As Java's TreeMap: by code unit. */
function byRoom([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1
}
