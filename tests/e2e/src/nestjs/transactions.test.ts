import { describe, expect, test } from '@jest/globals'
import { Controller, Module } from '@nestjs/common'
import { ClientsModule, Payload } from '@nestjs/microservices'
import { Test } from '@nestjs/testing'
import type { LocalTransactionState, MessageView } from '@rockhopper/client'
import {
  ClientRocketMQ,
  RocketMQEvent,
  RocketMQRecordBuilder,
  RollbackMessageException,
  type TransactionCheck,
} from '@rockhopper/nestjs'
import { bodiesOf, silent, startService, until } from './service.fixture.js'

// A broker that hears nothing asks after half a second; the default is 6 s.
const config = { transactionTimeOut: 500, transactionCheckInterval: 500, transactionOpBatchInterval: 200 }
const seen: string[] = []

@Controller()
class Orders {
  @RocketMQEvent('order:placed')
  placed(@Payload() { id }: { id: string }): void {
    seen.push(id)
  }
}

/** What a database would know: it outlives the processes. */
class Ledger {
  readonly decided = new Map<string, LocalTransactionState>()
  readonly asked: string[] = []

  check: TransactionCheck = async (message: MessageView) => {
    const [id = ''] = message.keys
    this.asked.push(id)
    return this.decided.get(id) ?? 'ROLLBACK_MESSAGE'
  }
}

const order = (id: string) => new RocketMQRecordBuilder({ id }).setKeys(id).build()

/** An application with the client as Nest makes it; it may ask for nothing at all. */
async function shop(namesrvAddr: string, ledger: Ledger, timeoutMs = 30_000) {
  const transactions = { producerGroup: 'orders_tx', topics: ['order'], check: ledger.check, timeoutMs }
  const options = { namesrvAddr, transactions }
  const bus = ClientsModule.register([{ name: 'BUS', customClass: ClientRocketMQ, options }])
  @Module({ imports: [bus] })
  class Shop {}
  const module = await Test.createTestingModule({ imports: [Shop] })
    .setLogger(silent)
    .compile()
  const app = await module.createNestApplication().init()
  return { client: app.get<ClientRocketMQ>('BUS'), close: () => app.close() }
}

describe('transaction() of the client', () => {
  // B42
  test('consumers see what was committed, at once or when the broker asked, and nothing else', async () => {
    const { mq, close } = await startService(['order'], [Orders], {}, config)
    const ledger = new Ledger()
    const { client, ...app } = await shop(mq.nameserverAddress, ledger)
    const errors: unknown[] = []
    client.on('publishError', (error) => errors.push(error))

    const { value, receipt } = await client.transaction('order:placed', order('kept'), async (context) => {
      expect(seen).toEqual([])
      return context.transactionId
    })
    expect(value).toBe(receipt.messageId)
    expect(receipt).toMatchObject({ localTransactionState: 'COMMIT_MESSAGE', confirmed: true })
    expect(receipt.queue.topic).toBe('order')
    expect(receipt.queueOffset).toBeGreaterThanOrEqual(0)
    await until('the committed one is seen', () => seen.includes('kept'))

    const refused = new RollbackMessageException('no stock')
    const rolledBack = client.transaction('order:placed', order('refused'), () => Promise.reject(refused))
    await expect(rolledBack).rejects.toBe(refused)
    expect(errors).toEqual([])

    const broken = new Error('the database went away behind its commit')
    const inDoubt = client.transaction('order:placed', order('in-doubt'), async () => {
      ledger.decided.set('in-doubt', 'COMMIT_MESSAGE')
      throw broken
    })
    await expect(inDoubt).rejects.toBe(broken)
    expect(errors).toEqual([broken])
    const undone = client.transaction('order:placed', order('undone'), () => Promise.reject(broken))
    await expect(undone).rejects.toBe(broken)
    await until('the broker asked', () => ledger.asked.includes('undone') && seen.includes('in-doubt'))

    expect(ledger.asked).not.toContain('kept')
    expect(ledger.asked).not.toContain('refused')
    expect(seen.splice(0).sort()).toEqual(['in-doubt', 'kept'])
    expect(await bodiesOf(mq, 'order')).toHaveLength(2)
    await app.close()
    await close()
  }, 60_000)

  // B42
  test('a process that died is answered for by another one, from its bootstrap on', async () => {
    const { mq, close } = await startService(['order'], [Orders], {}, config)
    const dying = await shop(mq.nameserverAddress, new Ledger(), 500)
    const never = dying.client.transaction('order:placed', order('orphan'), () => {
      return new Promise<never>(() => undefined)
    })
    await expect(never).rejects.toMatchObject({ code: 'REQUEST_TIMEOUT' })
    expect(seen).toEqual([])
    await dying.close()

    const ledger = new Ledger()
    ledger.decided.set('orphan', 'COMMIT_MESSAGE')
    const heir = await shop(mq.nameserverAddress, ledger)
    await until('the heir answered', () => seen.includes('orphan'))
    expect(seen.splice(0)).toEqual(['orphan'])
    await Promise.all([heir.close(), close()])
  }, 60_000)

  // B42
  test('without a broker, a check or a group of its own it says so', async () => {
    const none = new ClientRocketMQ({ namesrvAddr: '127.0.0.1:1' })
    const work = async () => expect('the work').toBe('never begun')
    await expect(none.transaction('order', {}, work)).rejects.toThrow('needs the option transactions')
    await none.close()

    const transactions = { producerGroup: 'orders_tx' }
    const unchecked = new ClientRocketMQ({ namesrvAddr: '127.0.0.1:1', transactions })
    await expect(unchecked.transaction('order', {}, work)).rejects.toThrow('client.checkTransactions(check)')
    unchecked.checkTransactions(async () => 'UNKNOW')
    await expect(unchecked.transaction('order', {}, work)).rejects.toMatchObject({
      code: 'NAME_SERVER_UNREACHABLE',
    })
    await unchecked.close()

    const shared = {
      namesrvAddr: '127.0.0.1:1',
      producerGroup: 'orders',
      transactions: { producerGroup: 'orders' },
    }
    const same = new ClientRocketMQ(shared)
    await expect(same.transaction('order', {}, work)).rejects.toThrow('give it one of its own')
    await same.close()
  }, 30_000)

  // B42
  test('an application starts before its brokers, and its client says when they can ask', async () => {
    const { mq, close } = await startService(['order'], [Orders], {}, config)
    const { nameserverAddress } = mq
    const ready = await shop(nameserverAddress, new Ledger())
    expect(ready.client.transactionsNotReady()).toBeUndefined()
    await ready.close()
    await close()
    const early = await shop(nameserverAddress, new Ledger())
    expect(early.client.transactionsNotReady()).toContain(nameserverAddress)
    await early.close()
  }, 60_000)
})
