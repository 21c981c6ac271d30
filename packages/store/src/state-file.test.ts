import { expect, test } from '@jest/globals'
import { SimDisk, seeded, VirtualClock } from '@rockhopper/sim'
import { stateFile } from './state-file.js'

const PATH = '/store/config/topics.json'

function bench() {
  const clock = new VirtualClock()
  const disk = new SimDisk(clock)
  return { clock, disk, file: stateFile(disk, PATH) }
}

const parse = (text: string) => JSON.parse(text) as { version: number }

test('what was saved is loaded, and nothing when there was nothing', async () => {
  const { clock, disk, file } = bench()
  expect(file.load(parse)).toBeUndefined()
  await clock.until(file.save('{"version":1}'))
  expect(stateFile(disk, PATH).load(parse)).toEqual({ version: 1 })
})

test('a file cut at any byte or full of zeros gives way to the version before', async () => {
  const { clock, disk, file } = bench()
  await clock.until(file.save('{"version":1}'))
  await clock.until(file.save('{"version":2}'))
  const whole = Buffer.from(disk.bytes(PATH))
  for (const damaged of [...Array(whole.length).keys()]
    .map((n) => whole.subarray(0, n))
    .concat([Buffer.alloc(13)])) {
    disk.put(PATH, damaged)
    expect(stateFile(disk, PATH).load(parse)).toEqual({ version: 1 })
  }
})

test('when both versions are bad, loading refuses and names the file', async () => {
  const { disk, file } = bench()
  disk.put(PATH, Buffer.from('{'))
  disk.put(`${PATH}.bak`, Buffer.alloc(0))
  expect(() => file.load(parse)).toThrow(PATH)
})

test('an unreadable file never takes the place of the version that was read', async () => {
  const { clock, disk } = bench()
  disk.put(PATH, Buffer.from('{'))
  disk.put(`${PATH}.bak`, Buffer.from('{"version":1}'))
  const file = stateFile(disk, PATH)
  file.load(parse)
  await clock.until(file.save('{"version":2}'))
  disk.put(PATH, Buffer.from('{'))
  expect(stateFile(disk, PATH).load(parse)).toEqual({ version: 1 })
})

test('saves are done one after the other, and of those waiting only the last is written', async () => {
  const { clock, disk, file } = bench()
  const saves = [1, 2, 3, 4].map((version) => file.save(`{"version":${version}}`))
  await clock.until(Promise.all(saves))
  expect(stateFile(disk, PATH).load(parse)).toEqual({ version: 4 })
  expect(disk.bytes(`${PATH}.bak`).toString()).toBe('{"version":1}')
})

test('a failed save rejects, leaves the version before, and the next one works', async () => {
  const { clock, disk, file } = bench()
  await clock.until(file.save('{"version":1}'))
  disk.fault = ({ kind }) => (kind === 'sync' ? { code: 'EIO' } : undefined)
  await expect(clock.until(file.save('{"version":2}'))).rejects.toMatchObject({ code: 'EIO' })
  disk.fault = () => undefined
  expect(stateFile(disk, PATH).load(parse)).toEqual({ version: 1 })
  await clock.until(file.save('{"version":3}'))
  expect(stateFile(disk, PATH).load(parse)).toEqual({ version: 3 })
})

test('a power loss at any operation leaves a saved version, none older than acknowledged', async () => {
  for (let seed = 1; seed <= 40; seed++) {
    const random = seeded(seed)
    const { clock, disk, file } = bench()
    const killAt = 1 + Math.floor(random() * 24)
    disk.fault = ({ n }) => (n === killAt ? 'kill' : undefined)
    let acked = 0
    for (let version = 1; version <= 4 && !disk.dead; version++) {
      const saved = file.save(JSON.stringify({ version })).then(
        () => {
          acked = version
        },
        () => {},
      )
      await clock.settle()
      void saved
    }
    const after = disk.afterPowerLoss(new VirtualClock(), random)
    const found = stateFile(after, PATH).load(parse)?.version ?? 0
    if (found < acked)
      throw new Error(`seed ${seed}, killed at ${killAt}: found ${found}, acknowledged ${acked}`)
  }
})
