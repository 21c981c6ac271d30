import { describe, expect, test } from '@jest/globals'
import type { MessageQueue } from '@rockhopper/remoting'
import { QUEUE } from '../message-view.fixture.js'
import { SILENT, VirtualClock } from '../virtual-clock.fixture.js'
import { ProcessQueue } from './process-queue.js'
import { LOCK_LIVES_MS, QueueLocks } from './queue-locks.js'

/** A broker that grants what nobody else has. */
function locksOf() {
  const clock = new VirtualClock()
  const asked: number[] = []
  const locks = new QueueLocks(clock, SILENT, {
    lock: async (_: string, queues: readonly MessageQueue[]) => {
      asked.push(queues.length)
      return queues
    },
    unlock: async () => {},
  })
  const limits = { messagesMax: 1, bytesMax: 1, spanMax: 1 }
  return { clock, asked, locks, queue: new ProcessQueue(QUEUE, 0, limits) }
}

describe('queue locks', () => {
  test('a renewal in time keeps the lock', async () => {
    const { clock, locks, queue } = locksOf()
    await locks.lock(QUEUE)
    await clock.advance(LOCK_LIVES_MS - 1)
    await locks.renew([QUEUE])
    await clock.advance(LOCK_LIVES_MS - 1)
    expect(locks.holds(queue)).toBe(true)
  })

  // R29
  test('a renewal that comes too late does not bring the lock back: another may have had it', async () => {
    const { clock, locks, queue } = locksOf()
    await locks.lock(QUEUE)
    await clock.advance(LOCK_LIVES_MS)
    await locks.renew([QUEUE])
    expect(locks.holds(queue)).toBe(false)
    await locks.lock(QUEUE)
    expect(locks.holds(queue)).toBe(true)
  })

  // R29
  test('locks of a broker whose connection broke are void until they are taken again', async () => {
    const { asked, locks, queue } = locksOf()
    await locks.lock(QUEUE)
    locks.voidAt('broker-z')
    expect(locks.holds(queue)).toBe(true)
    locks.voidAt(QUEUE.brokerName)
    expect(locks.holds(queue)).toBe(false)
    await locks.renew([QUEUE])
    expect(locks.holds(queue)).toBe(false)
    expect(asked).toEqual([1])
  })

  test('a lock asked for before the connection broke counts for nothing after it', async () => {
    const { locks, queue } = locksOf()
    const locking = locks.lock(QUEUE)
    locks.voidAt(QUEUE.brokerName)
    expect(await locking).toBe(false)
    expect(locks.holds(queue)).toBe(false)
  })
})
