import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createNodeEnv } from '@rockhopper/env'
import { encodeProperties } from '@rockhopper/message'
import { createMessageStore, type MessageStore } from '@rockhopper/store'
import { said } from '../captured-main.fixture.js'
import { progressOf, progressText, sizeText } from './progress-bar.js'
import { holderIn } from './store-user.js'

const SIZES = {
  mappedFileSizeCommitLog: 16_384,
  mappedFileSizeConsumeQueue: 400,
  maxHashSlotNum: 100,
  maxIndexNum: 1_000,
}
const WORDS = ['maxHashSlotNum=100', 'maxIndexNum=1000']
const COUNT = 100
const HOST = { address: '127.0.0.1', port: 10911 }
let work = ''
let whole = ''

beforeAll(async () => {
  work = fs.mkdtempSync(join(tmpdir(), 'rockhopper-store-'))
  whole = join(work, 'whole')
  const store = await opened(whole)
  for (let i = 0; i < COUNT; i++) {
    await store.put({
      topic: i % 2 === 0 ? 'orders' : 'payments',
      queueId: 0,
      body: Buffer.from(`body ${i} 订单`),
      properties: encodeProperties({ KEYS: `key-${i}`, TAGS: 'TagA' }),
      flag: 0,
      sysFlag: 0,
      bornTimestamp: 1_700_000_000_000,
      bornHost: HOST,
      storeHost: HOST,
      reconsumeTimes: 0,
      preparedTransactionOffset: 0,
    })
  }
  await store.stop()
})
afterAll(() => fs.rmSync(work, { recursive: true, force: true }))

async function opened(storePathRootDir: string): Promise<MessageStore> {
  const store = createMessageStore({ env: createNodeEnv(), config: { storePathRootDir, ...SIZES } })
  await store.start()
  return store
}

/** A copy to damage. */
function copied(name: string): string {
  const directory = join(work, name)
  fs.cpSync(whole, directory, { recursive: true })
  return directory
}

function flip(path: string, at: number): void {
  const bytes = fs.readFileSync(path)
  bytes[at] = (bytes[at] as number) ^ 0x10
  fs.writeFileSync(path, bytes)
}

test('info names sizes, offsets, queues and times, and that nobody uses it', async () => {
  const { code, out } = await said('store', 'info', whole, ...WORDS)
  expect(code).toBe(0)
  for (const part of [
    'mappedFileSizeCommitLog     16384 (say so in broker.conf)',
    'in use                      no',
  ]) {
    expect(out).toContain(part)
  }
  expect(out).toMatch(/orders +0 +0 +50 +50/)
  const { out: data } = await said('store', 'info', whole, ...WORDS, '--json')
  expect(JSON.parse(data)).toMatchObject({
    aborted: false,
    inUseBy: null,
    log: { minOffset: 0, endsWith: 'unwritten' },
  })
})

describe('verify', () => {
  test('ends with 0 for a whole store and counts its records', async () => {
    const { code, out } = await said('store', 'verify', whole, ...WORDS)
    expect([code, out]).toEqual([0, expect.stringContaining(`${COUNT} records from 0 to`)])
  })

  test('ends with 1 and names place, reason and next step of what is damaged', async () => {
    const directory = copied('flipped')
    flip(join(directory, 'commitlog/00000000000000000000'), 222)
    flip(join(directory, 'consumequeue/orders/0/00000000000000000000'), 27)
    const { code, out } = await said('store', 'verify', directory, ...WORDS)
    expect(code).toBe(1)
    expect(out).toMatch(/ERROR LOG_DAMAGED at commitlog\/0{20}, byte \d+/)
    expect(out).toContain('ERROR QUEUE_ENTRY_WRONG at consumequeue/orders/0, queue offset 1')
    expect(out).toContain('rockhopper store rebuild')
    const { out: data } = await said('store', 'verify', directory, ...WORDS, '--json')
    expect(JSON.parse(data)).toMatchObject({ errorCount: expect.any(Number), findings: expect.any(Array) })
  })
})

describe('dump', () => {
  const lines = async (...words: string[]) => {
    const { out } = await said('store', 'dump', whole, ...WORDS, ...words)
    return out.trimEnd().split('\n')
  }

  test('prints one record a line, by topic and count, with its body as asked', async () => {
    expect(await lines()).toHaveLength(COUNT)
    const [first, second, ...rest] = await lines('--topic', 'payments', '--count', '2')
    expect([first, second, rest.length]).toEqual([
      expect.stringContaining('body 1 订单'),
      expect.stringContaining('payments/0@1'),
      0,
    ])
    const [hex] = await lines('--count', '1', '--body', 'hex', '--json')
    expect(JSON.parse(hex as string)).toMatchObject({
      body: Buffer.from('body 0 订单').toString('hex'),
      bodyCrcIsRight: true,
      properties: { KEYS: 'key-0' },
    })
  })

  test('prints queue entries and index entries', async () => {
    const units = await lines('--queue-entries', '-t', 'orders', '-q', '0', '--from', '10', '--to', '12')
    expect(units.map((line) => line.split('\t')[0])).toEqual(['10', '11'])
    // One for KEYS, one for TAGS.
    expect(await lines('--index-entries')).toHaveLength(COUNT * 2)
    const { code, err } = await said(
      'store',
      'dump',
      whole,
      ...WORDS,
      '--queue-entries',
      '-t',
      'orders',
      '-q',
      '7',
    )
    expect([code, err]).toEqual([2, expect.stringContaining('it has 0')])
  })
})

test('rebuild brings lost queues and index back, byte for byte', async () => {
  const directory = copied('rebuilt')
  const queue = 'consumequeue/payments/0/00000000000000000400'
  fs.rmSync(join(directory, 'index'), { recursive: true })
  flip(join(directory, queue), 7)
  const { code, out } = await said('store', 'rebuild', directory, ...WORDS)
  expect([code, out]).toEqual([0, `${COUNT} entries in 2 queues from ${COUNT} records\n`])
  expect(fs.readFileSync(join(directory, queue))).toEqual(fs.readFileSync(join(whole, queue)))
  expect((await said('store', 'verify', directory, ...WORDS)).code).toBe(0)
  expect(fs.readdirSync(join(directory, 'rockhopper'))).not.toContain('rebuild')
})

test('while a broker has the store, it is read and said so, and not rebuilt', async () => {
  const directory = copied('used')
  const store = await opened(directory)
  try {
    const info = await said('store', 'info', directory, ...WORDS)
    expect(info.out).toContain('by a Rockhopper broker')
    const verify = await said('store', 'verify', directory, ...WORDS)
    expect([verify.code, verify.err]).toEqual([
      0,
      expect.stringContaining('is in use by a Rockhopper broker'),
    ])
    const rebuild = await said('store', 'rebuild', directory, ...WORDS)
    expect([rebuild.code, rebuild.err]).toEqual([1, expect.stringContaining('Stop it')])
  } finally {
    await store.stop()
  }
})

test('what cannot be read says what to do', async () => {
  const nowhere = await said('store', 'info', join(work, 'nowhere'))
  expect([nowhere.code, nowhere.err]).toEqual([1, expect.stringContaining('no such directory')])
  const wrong = await said('store', 'info', work)
  expect(wrong.err).toContain('the directory that holds commitlog')
  const sized = await said('store', 'verify', whole, 'mappedFileSizeCommitLog=32768', ...WORDS)
  expect([sized.code, sized.out]).toEqual([
    1,
    expect.stringContaining('it has 16384 bytes, configured are 32768'),
  ])
  expect((await said('store', 'info', whole)).err).toContain('say its broker')
})

test('every command shows an example', async () => {
  for (const name of ['info', 'verify', 'dump', 'rebuild']) {
    expect((await said('store', name, '--help')).out).toContain(`rockhopper store ${name} ./store`)
  }
})

test('progress is a bar on a terminal, rare plain lines elsewhere', () => {
  expect(progressText(512, 1_024, 3)).toBe(
    `[${'#'.repeat(15)}${'-'.repeat(15)}]  50 %  512 bytes of 1.0 KiB, 3 s left`,
  )
  expect(sizeText(3 * 1024 ** 3)).toBe('3.0 GiB')
  const written: string[] = []
  let now = 0
  const env = { ...createNodeEnv(), clock: { ...createNodeEnv().clock, monotonic: () => now } }
  const around = { env, err: (text: string) => void written.push(text) }
  const shown = (errIsTerminal: boolean) => {
    now = 0
    const progress = progressOf({ ...around, errIsTerminal } as never, 'verify')
    for (now = 0; now < 25_000; now += 50) progress.update(now, 25_000)
    progress.end()
    return written.splice(0)
  }
  const drawn = shown(true)
  expect(drawn.length).toBeGreaterThan(100)
  expect(drawn.every((text) => text.startsWith('\r'))).toBe(true)
  expect(shown(false).map((text) => text.endsWith('\n'))).toEqual([true, true])
})

test("a lock of Apache's broker is found in the kernel's table by inode", () => {
  const table = '1: POSIX  ADVISORY  WRITE 4321 08:01:77 0 0\n2: FLOCK  ADVISORY  WRITE 5 08:01:78 0 EOF\n'
  expect([holderIn(table, 77), holderIn(table, 78), holderIn(table, 7)]).toEqual([
    4_321,
    undefined,
    undefined,
  ])
})
