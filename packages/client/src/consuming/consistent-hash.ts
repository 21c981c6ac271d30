import { createHash } from 'node:crypto'
import { MqError } from '@rockhopper/message'
import type { MessageQueue } from '@rockhopper/remoting'
import type { AllocateStrategy } from './allocation.js'

const POINTS_MAX = 100_000

/**
 * Each queue to the member that comes next on a ring of hashes, so that few queues move when one member comes
 * or goes (AllocateMessageQueueConsistentHash, with its MD5). `virtualNodeCount` points of the ring for each
 * member, 1 to 100,000, default 10 as Apache's: all members must have the same. Throws ARGUMENT_ILLEGAL.
 */
export function allocateByConsistentHash(virtualNodeCount = 10): AllocateStrategy {
  if (!Number.isInteger(virtualNodeCount) || virtualNodeCount < 1 || virtualNodeCount > POINTS_MAX) {
    const what = `Allocating by ${virtualNodeCount} points of a ring for each member`
    throw new MqError('ARGUMENT_ILLEGAL', `${what}: it takes 1 to ${POINTS_MAX}`)
  }
  return {
    name: 'CONSISTENT_HASH',
    allocate(queues, clientIds, clientId) {
      if (!clientIds.includes(clientId)) return []
      const ring = ringOf(clientIds, virtualNodeCount)
      return queues.filter((queue) => ownerOf(ring, hashOf(textOf(queue))) === clientId)
    },
  }
}

type Ring = readonly (readonly [hash: number, clientId: string])[]

/** Sorted; of two points with one hash the later one stays. */
function ringOf(clientIds: readonly string[], virtualNodeCount: number): Ring {
  const points = new Map<number, string>()
  for (const clientId of clientIds) {
    for (let at = 0; at < virtualNodeCount; at++) points.set(hashOf(`${clientId}-${at}`), clientId)
  }
  return [...points].sort(([a], [b]) => a - b)
}

function ownerOf(ring: Ring, hash: number): string | undefined {
  return (ring.find(([point]) => point >= hash) ?? ring[0])?.[1]
}

/** Java: MessageQueue.toString. */
const textOf = ({ topic, brokerName, queueId }: MessageQueue): string =>
  `MessageQueue [topic=${topic}, brokerName=${brokerName}, queueId=${queueId}]`

/** The first four bytes of the MD5 (ConsistentHashRouter.MD5Hash). */
const hashOf = (text: string): number => createHash('md5').update(text).digest().readUInt32BE(0)
