import { describe, expect, test } from '@jest/globals'
import { SimDisk, seeded, VirtualClock } from '@rockhopper/sim'
import { TimerStore } from './timer-store.js'
import { TIMER_UNIT_SIZE, TimerMagic } from './timer-unit.js'

/** Seven units and their blank. */
const LOG_FILE_SIZE = 7 * TIMER_UNIT_SIZE + 20
const SLOTS = 600

async function opened(clock: VirtualClock, disk: SimDisk): Promise<TimerStore> {
  const sizes = { precisionMs: 1_000, logFileSize: LOG_FILE_SIZE, slotsTotal: SLOTS }
  const timers = new TimerStore({ env: { clock, disk }, storePathRootDir: '/store', ...sizes })
  await clock.until(timers.open())
  return timers
}

function world() {
  const clock = new VirtualClock()
  const disk = new SimDisk(clock)
  disk.makeDirectory('/store')
  return { clock, disk, now: clock.wall - (clock.wall % 1_000) }
}

const put = (timers: TimerStore, writeTimeMs: number, timeMs: number, physicalOffset: number, magic = 0) =>
  timers.add({
    magic: TimerMagic.DEFAULT | magic,
    writeTimeMs,
    timeMs,
    physicalOffset,
    size: 100,
    topicHash: 7,
  })

/** Physical offsets that wait in a slot, oldest first. */
async function offsets(clock: VirtualClock, timers: TimerStore, timeMs: number): Promise<number[]> {
  const { messages } = await clock.until(timers.list(timeMs, 0))
  return messages.map((position) => timers.unit(position)?.physicalOffset ?? -1)
}

describe('the timer store', () => {
  test('gives back what was put in before anything was written', async () => {
    const { clock, disk, now } = world()
    const timers = await opened(clock, disk)
    for (let i = 0; i < 20; i++) put(timers, now, now + (i % 2) * 1_000, i)
    expect(await offsets(clock, timers, now)).toEqual([0, 2, 4, 6, 8, 10, 12, 14, 16, 18])
    expect(timers.slot(now + 1_000)).toMatchObject({ num: 10 })
    expect(timers.nextSlot(now + 1, now + 60_000)).toBe(now)
    expect(timers.nextSlot(now + 2_000, now + 60_000)).toBeUndefined()
    expect(await clock.until(timers.waiting(now))).toBe(20)
  })

  test('writes slot, unit and blank as Apache does', async () => {
    const { clock, disk, now } = world()
    const timers = await opened(clock, disk)
    put(timers, now, now + 5_000, 1_234)
    for (let i = 0; i < 7; i++) put(timers, now, now + 5_000, 2_000 + i, TimerMagic.DELETE)
    await clock.until(timers.flush())
    const log = disk.bytes('/store/timerlog/00000000000000000000')
    const unit = Buffer.alloc(TIMER_UNIT_SIZE)
    unit.writeInt32BE(52, 0)
    unit.writeBigInt64BE(-1n, 4)
    unit.writeInt32BE(1, 12)
    unit.writeBigInt64BE(BigInt(now), 16)
    unit.writeInt32BE(5_000, 24)
    unit.writeBigInt64BE(1_234n, 28)
    unit.writeInt32BE(100, 36)
    unit.writeInt32BE(7, 40)
    expect(log.subarray(0, TIMER_UNIT_SIZE)).toEqual(unit)
    expect(log.subarray(-20).toString('hex')).toBe('00000014' + '0000000000000000' + 'cbd43194' + '00000000')
    const wheel = disk.bytes('/store/timerwheel')
    expect(wheel).toHaveLength(SLOTS * 2 * 32)
    const at = ((now + 5_000) / 1_000) % (SLOTS * 2)
    const slot = wheel.subarray(at * 32, at * 32 + 32)
    expect([0, 8, 16].map((from) => Number(slot.readBigInt64BE(from)))).toEqual([
      (now + 5_000) / 1_000,
      0,
      LOG_FILE_SIZE,
    ])
    expect([slot.readInt32BE(24), slot.readInt32BE(28)]).toEqual([1 - 7, 0])
  })

  test('is made again from the log alone', async () => {
    const { clock, disk, now } = world()
    const timers = await opened(clock, disk)
    for (let i = 0; i < 40; i++) put(timers, now, now + (i % 3) * 1_000, i)
    await clock.until(timers.flush())
    disk.remove('/store/timerwheel')
    const again = await opened(clock, disk)
    expect(await offsets(clock, again, now + 2_000)).toEqual([
      2, 5, 8, 11, 14, 17, 20, 23, 26, 29, 32, 35, 38,
    ])
    expect(again.slot(now)).toMatchObject({ num: 14 })
  })

  test('a wheel of another length is refused', async () => {
    const { clock, disk } = world()
    disk.put('/store/timerwheel', Buffer.alloc(64))
    await expect(opened(clock, disk)).rejects.toMatchObject({ code: 'STORE_FILE_SIZE' })
  })

  test('after a power loss each slot holds what was flushed, then some of the rest, in order', async () => {
    for (let seed = 1; seed <= 60; seed++) {
      const { clock, disk, now } = world()
      const random = seeded(seed)
      const timers = await opened(clock, disk)
      const flushed = Math.floor(random() * 30)
      const total = flushed + Math.floor(random() * 30)
      const flush = async () => {
        const lastTimerLogFlushPos = await timers.flush()
        const queue = { lastTimerQueueOffset: 0, masterTimerQueueOffset: 0 }
        await timers.save({ lastReadTimeMs: now, lastTimerLogFlushPos, ...queue, partialPos: 0 })
      }
      for (let i = 0; i < total; i++) {
        if (i === flushed) await clock.until(flush())
        put(timers, now, now + (i % 4) * 1_000, i)
      }
      if (flushed === total) await clock.until(flush())
      const after = await opened(clock, disk.afterPowerLoss(clock, random))
      for (let slot = 0; slot < 4; slot++) {
        const all = Array.from({ length: total }, (_, i) => i).filter((i) => i % 4 === slot)
        const found = await offsets(clock, after, now + slot * 1_000)
        expect([seed, found]).toEqual([seed, all.slice(0, found.length)])
        expect(found.length).toBeGreaterThanOrEqual(all.filter((i) => i < flushed).length)
      }
    }
  })

  test('tells recalls from messages, and gives the rest of a slot that was begun', async () => {
    const { clock, disk, now } = world()
    const timers = await opened(clock, disk)
    const magics = [0, TimerMagic.DELETE, TimerMagic.ROLL, TimerMagic.DELETE | TimerMagic.ROLL, 0]
    magics.forEach((magic, i) => void put(timers, now, now, i, magic))
    const positions = magics.map((_, i) => i * TIMER_UNIT_SIZE)
    const [first, recall, rolled, both, last] = positions
    expect(await clock.until(timers.list(now, 0))).toEqual({
      messages: [first, rolled, both, last],
      recalls: [recall],
    })
    expect(await clock.until(timers.list(now, both as number))).toEqual({
      messages: [both, last],
      recalls: [recall],
    })
    expect(await clock.until(timers.list(now + 9_000, 0))).toEqual({ messages: [], recalls: [] })
    expect(await clock.until(timers.waiting(now + 1_000))).toBe(0)
  })

  test('walks back over the ends of files, and loses its oldest with the log', async () => {
    const { clock, disk, now } = world()
    const timers = await opened(clock, disk)
    for (let i = 0; i < 25; i++) put(timers, now, now + (i % 2) * 1_000, 1_000 + i)
    await clock.until(timers.flush())
    const walked = () => [...timers.unitsBefore(timers.logEnd)].map(({ physicalOffset }) => physicalOffset)
    expect(walked()).toEqual(Array.from({ length: 25 }, (_, i) => 1_024 - i))
    // Each file holds seven: of the first two all records are gone.
    timers.removeExpired(1_014)
    expect(disk.paths().filter((path) => path.includes('timerlog')).length).toBe(2)
    expect(walked()).toEqual(Array.from({ length: 11 }, (_, i) => 1_024 - i))
    expect(await offsets(clock, timers, now)).toEqual([1_014, 1_016, 1_018, 1_020, 1_022, 1_024])
    expect(timers.unit(0)).toBeUndefined()
    expect(timers.unit(3 * LOG_FILE_SIZE - 20)).toBeUndefined()
    // The last file stays, whatever was removed.
    timers.removeExpired(9_999)
    expect(disk.paths().filter((path) => path.includes('timerlog')).length).toBe(1)
    const again = await opened(clock, disk)
    expect(await offsets(clock, again, now + 1_000)).toEqual([1_021, 1_023])
  })
})
