import { getEventListeners } from 'node:events'
import { afterEach, expect, test } from '@jest/globals'
import { type Connection, ok, type RequestHeader, refuse } from '@rockhopper/remoting'
import { recordOf } from './record.fixture.js'
import { env, nameServerOf, serverOf } from './scripted-servers.fixture.js'
import type { TransactionListener } from './transaction-listener.js'
import { TransactionProducer, type TransactionProducerOptions } from './transaction-producer.js'

const ends: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

const HALF_ID = '7F00000100002A9F0000000000000064'
const MESSAGE = { topic: 'T', body: 'order 1' }

interface Scripted {
  readonly sends: RequestHeader<'SEND_MESSAGE'>[]
  readonly ended: RequestHeader<'END_TRANSACTION'>[]
  /** Asks the producer that said hello last. */
  check(transactionId: string, queueOffset: number): void
}

/** A broker that stores half messages at queue offset 7 and physical offset 0x64. */
async function brokerOf(answers: { send?: number; end?: number; mute?: 'half' | 'end' } = {}) {
  const sends: RequestHeader<'SEND_MESSAGE'>[] = []
  const ended: RequestHeader<'END_TRANSACTION'>[] = []
  let peer: Connection | undefined
  const stored = { msgId: HALF_ID, queueId: 0, queueOffset: 7 }
  const broker = await serverOf({
    HEART_BEAT: (_, { connection }) => {
      peer = connection
      return ok()
    },
    UNREGISTER_CLIENT: () => ok(),
    SEND_MESSAGE_V2: (header) => {
      sends.push(header)
      if (answers.mute === 'half') return new Promise<never>(() => {})
      return answers.send === undefined ? ok(stored) : refuse(answers.send, 'slow', stored)
    },
    END_TRANSACTION: (header) => {
      ended.push(header)
      if (answers.mute === 'end') return new Promise<never>(() => {})
      return answers.end === undefined ? ok() : refuse(answers.end, 'settled')
    },
  })
  ends.push(() => broker.stop())
  const nameServer = await nameServerOf(new Map([['T', [{ name: 'a', address: broker.address, queues: 1 }]]]))
  ends.push(() => nameServer.stop())
  const check = (transactionId: string, queueOffset: number) => {
    const header = { tranStateTableOffset: queueOffset, commitLogOffset: queueOffset * 100, transactionId }
    peer?.invokeOneway(
      'CHECK_TRANSACTION_STATE',
      { ...header, bname: 'a' },
      recordOf('asked', { PGROUP: 'g', UNIQ_KEY: transactionId }),
    )
  }
  const scripted: Scripted = { sends, ended, check }
  return { ...scripted, namesrvAddr: nameServer.address }
}

async function producerOf(
  namesrvAddr: string,
  listener: Partial<TransactionListener>,
  options: Partial<TransactionProducerOptions> = {},
): Promise<TransactionProducer> {
  const producer = new TransactionProducer({
    env,
    namesrvAddr,
    producerGroup: 'g',
    listener: {
      executeLocalTransaction: async () => 'COMMIT_MESSAGE',
      checkLocalTransaction: async () => 'UNKNOW',
      ...listener,
    },
    ...options,
  })
  ends.push(() => producer.shutdown({ timeoutMs: 0 }))
  await producer.start({ topics: ['T'] })
  return producer
}

/** Turns of the loop until it holds: what is awaited crosses the loopback. */
async function until(holds: () => boolean): Promise<void> {
  for (let left = 5_000; !holds(); left--) {
    if (left === 0) throw new Error('never')
    await new Promise((resolve) => setImmediate(resolve))
  }
}

test('a half message is marked, and committed where the broker put it', async () => {
  const { ended, namesrvAddr, sends } = await brokerOf()
  const producer = await producerOf(namesrvAddr, {})
  const result = await producer.sendMessageInTransaction(MESSAGE, undefined)
  expect(result).toMatchObject({
    localTransactionState: 'COMMIT_MESSAGE',
    confirmed: true,
    status: 'SEND_OK',
  })
  expect(sends).toHaveLength(1)
  expect(sends[0]?.sysFlag).toBe(4)
  expect(sends[0]?.properties).toContain('TRAN_MSG\u0001true\u0002')
  expect(sends[0]?.properties).toContain('PGROUP\u0001g\u0002')
  expect(ended).toMatchObject([
    {
      producerGroup: 'g',
      tranStateTableOffset: 7,
      commitLogOffset: 100,
      commitOrRollback: 8,
      fromTransactionCheck: false,
      msgId: result.messageId,
      transactionId: result.transactionId,
    },
  ])
})

test.each([
  ['ROLLBACK_MESSAGE', 12],
  ['UNKNOW', undefined],
] as const)('%s is told as %s', async (state, bits) => {
  const { ended, namesrvAddr } = await brokerOf()
  const producer = await producerOf(namesrvAddr, { executeLocalTransaction: async () => state })
  const result = await producer.sendMessageInTransaction(MESSAGE, undefined)
  expect(result).toMatchObject({ localTransactionState: state, confirmed: bits !== undefined })
  expect(ended.map(({ commitOrRollback }) => commitOrRollback)).toEqual(bits === undefined ? [] : [bits])
})

test('a local transaction that throws is unknown, and the error comes with the result', async () => {
  const { ended, namesrvAddr } = await brokerOf()
  const error = new Error('the database is gone')
  const producer = await producerOf(namesrvAddr, { executeLocalTransaction: () => Promise.reject(error) })
  const result = await producer.sendMessageInTransaction(MESSAGE, undefined)
  expect(result).toMatchObject({ localTransactionState: 'UNKNOW', confirmed: false, error })
  expect(ended).toEqual([])
})

test('nothing is executed for a half message that a crash may take', async () => {
  const { ended, namesrvAddr } = await brokerOf({ send: 10 })
  let executed = 0
  const producer = await producerOf(namesrvAddr, {
    executeLocalTransaction: async () => {
      executed++
      return 'COMMIT_MESSAGE' as const
    },
  })
  const result = await producer.sendMessageInTransaction(MESSAGE, undefined)
  expect(result).toMatchObject({ status: 'FLUSH_DISK_TIMEOUT', localTransactionState: 'ROLLBACK_MESSAGE' })
  expect(executed).toBe(0)
  expect(ended[0]?.commitOrRollback).toBe(12)
})

test('a commit that the broker refuses is not confirmed', async () => {
  const { namesrvAddr } = await brokerOf({ end: 1 })
  const producer = await producerOf(namesrvAddr, {})
  const result = await producer.sendMessageInTransaction(MESSAGE, undefined)
  expect(result).toMatchObject({ localTransactionState: 'COMMIT_MESSAGE', confirmed: false })
})

test('a local transaction past its deadline is unknown, and committed when it ends after all', async () => {
  const { ended, namesrvAddr } = await brokerOf()
  let finish: () => void = () => undefined
  let wasAborted = false
  const producer = await producerOf(
    namesrvAddr,
    {
      executeLocalTransaction: async (_message, _argument, { signal }) => {
        await new Promise<void>((resolve) => {
          finish = resolve
        })
        wasAborted = signal.aborted
        return 'COMMIT_MESSAGE' as const
      },
    },
    { localTransactionTimeoutMs: 1 },
  )
  const result = await producer.sendMessageInTransaction(MESSAGE, undefined)
  expect(result).toMatchObject({ localTransactionState: 'UNKNOW', error: { code: 'REQUEST_TIMEOUT' } })
  expect(ended).toEqual([])
  finish()
  await until(() => ended.length === 1)
  expect(wasAborted).toBe(true)
  expect(ended[0]?.commitOrRollback).toBe(8)
})

test('a check is answered over its connection with what the listener says', async () => {
  const { check, ended, namesrvAddr } = await brokerOf()
  const asked: string[] = []
  await producerOf(namesrvAddr, {
    checkLocalTransaction: async (message, { transactionId }) => {
      asked.push(`${transactionId} ${message.topic} ${message.body}`)
      return 'ROLLBACK_MESSAGE' as const
    },
  })
  check('K9', 3)
  await until(() => ended.length === 1)
  expect(asked).toEqual(['K9 T asked'])
  expect(ended).toMatchObject([
    { commitOrRollback: 12, fromTransactionCheck: true, tranStateTableOffset: 3, commitLogOffset: 300 },
  ])
})

test('a transaction that still executes is not asked about, and ends where the check saw it', async () => {
  const { check, ended, namesrvAddr, sends } = await brokerOf()
  let finish: () => void = () => undefined
  let asked = 0
  const producer = await producerOf(namesrvAddr, {
    executeLocalTransaction: async (_message, _argument, { transactionId }) => {
      check(transactionId, 9)
      check('other', 4)
      await new Promise<void>((resolve) => {
        finish = resolve
      })
      return 'COMMIT_MESSAGE' as const
    },
    checkLocalTransaction: async () => {
      asked++
      return 'UNKNOW' as const
    },
  })
  const sending = producer.sendMessageInTransaction(MESSAGE, undefined)
  // The second check came by the same connection, so the first one is here, too.
  await until(() => asked === 1 && sends.length === 1)
  finish()
  expect(await sending).toMatchObject({ confirmed: true })
  expect(asked).toBe(1)
  expect(ended).toMatchObject([{ tranStateTableOffset: 9, commitLogOffset: 900 }])
})

// R26
test('checks run at most so many at once, few wait, and one transaction is asked about once', async () => {
  const { check, ended, namesrvAddr } = await brokerOf()
  const finish: (() => void)[] = []
  const asked: string[] = []
  await producerOf(
    namesrvAddr,
    {
      checkLocalTransaction: async (_message, { transactionId }) => {
        asked.push(transactionId)
        await new Promise<void>((resolve) => finish.push(resolve))
        return 'COMMIT_MESSAGE' as const
      },
    },
    { checksAtOnceMax: 2, checkRequestHoldMax: 1 },
  )
  for (const [index, id] of ['K1', 'K2', 'K1', 'K3', 'K4'].entries()) check(id, index)
  await until(() => asked.length === 2)
  while (ended.length < 3) {
    for (const end of finish.splice(0)) end()
    await new Promise((resolve) => setImmediate(resolve))
  }
  expect(asked).toEqual(['K1', 'K2', 'K3'])
  const places = ended.map(({ msgId, tranStateTableOffset }) => [msgId, tranStateTableOffset])
  expect(new Map(places as [string, number][])).toEqual(
    new Map([
      ['K1', 2],
      ['K2', 1],
      ['K3', 3],
    ]),
  )
})

test('a check that throws or never ends tells the broker nothing, and others go on', async () => {
  const { check, ended, namesrvAddr } = await brokerOf()
  const answers: (() => Promise<'COMMIT_MESSAGE'>)[] = [
    () => Promise.reject(new Error('the database is gone')),
    () => new Promise(() => undefined),
    async () => 'COMMIT_MESSAGE',
  ]
  await producerOf(
    namesrvAddr,
    { checkLocalTransaction: async () => (answers.shift() as (typeof answers)[0])() },
    { checksAtOnceMax: 1, checkTimeoutMs: 1 },
  )
  for (const id of ['K1', 'K2', 'K3']) check(id, 1)
  await until(() => ended.length === 1)
  expect(ended[0]?.msgId).toBe('K3')
})

test('a delay in a transaction is refused before anything is sent', async () => {
  const { namesrvAddr, sends } = await brokerOf()
  const producer = await producerOf(namesrvAddr, {})
  const sent = producer.sendMessageInTransaction({ ...MESSAGE, delayTimeLevel: 3 }, undefined)
  await expect(sent).rejects.toMatchObject({ code: 'MESSAGE_ILLEGAL' })
  expect(sends).toEqual([])
})

test('a shutdown does not wait for a local transaction that never ends', async () => {
  const { namesrvAddr } = await brokerOf()
  const producer = await producerOf(
    namesrvAddr,
    { executeLocalTransaction: () => new Promise(() => undefined) },
    { localTransactionTimeoutMs: 1 },
  )
  await producer.sendMessageInTransaction(MESSAGE, undefined)
  await producer.shutdown({ timeoutMs: 0 })
})

test('a transaction that is given up before its half message is stored executes nothing', async () => {
  const { ended, namesrvAddr, sends } = await brokerOf({ mute: 'half' })
  let executed = 0
  const executeLocalTransaction = async () => {
    executed++
    return 'COMMIT_MESSAGE' as const
  }
  const producer = await producerOf(namesrvAddr, { executeLocalTransaction })
  const abort = new AbortController()
  const sending = producer.sendMessageInTransaction(MESSAGE, undefined, { signal: abort.signal })
  await until(() => sends.length === 1)
  abort.abort()
  await expect(sending).rejects.toMatchObject({ code: 'REQUEST_ABORTED' })
  expect([executed, ended]).toEqual([0, []])
  expect(getEventListeners(abort.signal, 'abort')).toEqual([])
})

// R26
test('a transaction that is given up while it executes tells its work, and ends when that does', async () => {
  const { ended, namesrvAddr } = await brokerOf()
  const abort = new AbortController()
  let finish = () => {}
  let told: unknown
  const producer = await producerOf(
    namesrvAddr,
    {
      executeLocalTransaction: async (_message, _argument, { signal }) => {
        signal.addEventListener('abort', () => (told = signal.reason))
        abort.abort()
        await new Promise<void>((resolve) => {
          finish = resolve
        })
        return 'COMMIT_MESSAGE' as const
      },
    },
    { sendsInFlightMax: 1 },
  )
  const sent = await producer.sendMessageInTransaction(MESSAGE, undefined, { signal: abort.signal })
  expect(sent).toMatchObject({ localTransactionState: 'UNKNOW', confirmed: false })
  expect(sent.error).toMatchObject({ code: 'REQUEST_ABORTED' })
  expect(told).toBe(sent.error)
  // Work that nobody waits for counts, too, or those that never end would be without number.
  const another = producer.sendMessageInTransaction(MESSAGE, undefined)
  await expect(another).rejects.toMatchObject({ code: 'TOO_MANY_REQUESTS' })
  finish()
  await until(() => ended.length === 1)
  expect(getEventListeners(abort.signal, 'abort')).toEqual([])
})

test('a transaction that is given up while the broker takes its end is decided, unconfirmed', async () => {
  const { ended, namesrvAddr } = await brokerOf({ mute: 'end' })
  const producer = await producerOf(namesrvAddr, {})
  const abort = new AbortController()
  const sending = producer.sendMessageInTransaction(MESSAGE, undefined, { signal: abort.signal })
  await until(() => ended.length === 1)
  abort.abort()
  const sent = await sending
  expect(sent).toMatchObject({ localTransactionState: 'COMMIT_MESSAGE', confirmed: false })
  expect(sent.error).toMatchObject({ code: 'REQUEST_ABORTED' })
  expect(getEventListeners(abort.signal, 'abort')).toEqual([])
})
