import { deepEqual, equal, ok } from 'node:assert/strict'
import type { EnvCase } from './env-case.js'

/** What every `Clock`, `Random` and `Compute` does, real or simulated. */
export const clockCases: readonly EnvCase[] = [
  {
    name: 'a timer never runs early, in order of its due time, and not after its cancel',
    async run({ clock }) {
      const started = clock.monotonic()
      const order: string[] = []
      const cancel = clock.after(5, () => order.push('cancelled'))
      clock.after(20, () => order.push('late'))
      clock.after(10, () => order.push('early'))
      cancel()
      await new Promise<void>((resolve) => clock.after(40, resolve))
      deepEqual(order, ['early', 'late'])
      ok(clock.monotonic() - started >= 40)
      cancel()
    },
  },
  {
    name: 'endOfTurn runs once each, in order, behind the promises of the turn',
    async run({ clock }) {
      const order: number[] = []
      await new Promise<void>((resolve) => {
        clock.endOfTurn(() => {
          order.push(2)
          clock.endOfTurn(() => {
            order.push(4)
            resolve()
          })
        })
        clock.endOfTurn(() => order.push(3))
        Promise.resolve().then(
          () => order.push(1),
          () => {},
        )
      })
      deepEqual(order, [1, 2, 3, 4])
    },
  },
  {
    name: 'a random integer stays below its bound and reaches every value',
    async run({ random }) {
      const seen = new Set<number>()
      for (let i = 0; i < 1_000; i++) seen.add(random.int(4))
      deepEqual([...seen].sort(), [0, 1, 2, 3])
      const chance = random.float()
      ok(chance >= 0 && chance < 1)
    },
  },
  ...(['ZLIB', 'ZSTD', 'LZ4'] as const).map(
    (codec): EnvCase => ({
      name: `${codec} there and back is the same, too large and broken streams are told apart`,
      async run({ compute }) {
        const text = Buffer.from('hello '.repeat(10_000))
        const packed = await compute.compress(codec, text, 5)
        ok(packed.length < text.length / 10)
        equal((await compute.decompress(codec, packed, 60_000)).toString(), text.toString())
        const codeOf = (error: { code: string }) => error.code
        equal(await compute.decompress(codec, packed, 59_999).catch(codeOf), 'ERR_TOO_LARGE')
        equal(await compute.decompress(codec, Buffer.from('no stream'), 100).catch(codeOf), 'ERR_DATA')
        equal(
          await compute.decompress(codec, packed.subarray(0, packed.length - 5), 60_000).catch(codeOf),
          'ERR_DATA',
        )
      },
    }),
  ),
  {
    name: 'the CRC is that of zlib',
    run({ compute }) {
      equal(compute.crc32(Buffer.from('hello')) & 0x7fffffff, 907060870)
      return Promise.resolve()
    },
  },
]
