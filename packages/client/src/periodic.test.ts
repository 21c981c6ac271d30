import { describe, expect, test } from '@jest/globals'
import { Periodic } from './periodic.js'
import { SILENT, VirtualClock } from './virtual-clock.fixture.js'

function jobOf(run: (times: number) => Promise<number | void>) {
  const clock = new VirtualClock()
  const at: number[] = []
  const job = new Periodic({
    name: 'job',
    clock,
    log: SILENT,
    intervalMs: 1_000,
    run: () => {
      at.push(clock.now())
      return run(at.length)
    },
  })
  return { clock, at, job }
}

describe('periodic', () => {
  test('it runs after the first delay and then each interval, until it is stopped', async () => {
    const { clock, at, job } = jobOf(async () => {})
    job.start(500)
    await clock.advance(3_000)
    await job.stop()
    await clock.advance(3_000)
    expect(at).toEqual([500, 1_500, 2_500])
    expect(clock.pending).toBe(0)
  })

  test('a trigger runs it now, and one during a run makes another one behind it', async () => {
    let end: () => void = () => {}
    const { clock, at, job } = jobOf((times) =>
      times === 1 ? new Promise((resolve) => (end = resolve)) : Promise.resolve(),
    )
    job.start(10_000)
    const first = job.trigger()
    await clock.advance(1)
    expect(at.length).toBe(1)
    let seen = false
    const second = job.trigger().then(() => {
      seen = true
    })
    end()
    await first
    expect(seen).toBe(false)
    await second
    expect(at.length).toBe(2)
    await job.stop()
  })

  test('a run that fails is followed by the next, and a run may ask for an earlier one', async () => {
    const { clock, at, job } = jobOf(async (times) => {
      if (times === 1) throw new Error('once')
      return times === 2 ? 100 : undefined
    })
    job.start(0)
    await clock.advance(2_100)
    expect(at).toEqual([0, 1_000, 1_100, 2_100])
    await job.stop()
  })

  test('stop releases who waits for a run', async () => {
    const { job } = jobOf(async () => {})
    job.start(10_000)
    const triggered = job.trigger()
    await job.stop()
    await triggered
    await job.trigger()
  })
})
