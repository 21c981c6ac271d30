import { expect, test } from '@jest/globals'
import type { Delivery } from './due-at-once-run.js'
import { answerOf } from './program.fixture.js'

const LONG = process.env['ROCKHOPPER_LONG'] === '1'
const COUNT = LONG ? 1_000_000 : 10_000
/** Records that a turn of the loop may leave to write: twice what is delivered in one piece. */
const PER_TURN_MAX = 256
const RECORD_SIZE_MAX = 400

// R33
test(
  `${COUNT} messages that are due in one tick are delivered a few in a turn of the loop, none early`,
  async () => {
    const delivery = (await answerOf('due-at-once-main.js', [COUNT])) as Delivery
    process.stderr.write(`due at once: ${COUNT} messages, ${JSON.stringify(delivery)}\n`)
    expect(delivery.early).toBe(0)
    expect(delivery.largestWrite).toBeLessThan(PER_TURN_MAX * RECORD_SIZE_MAX)
  },
  LONG ? 1_800_000 : 120_000,
)
