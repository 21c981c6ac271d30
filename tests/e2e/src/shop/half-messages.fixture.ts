import { randomUUID } from 'node:crypto'
import type { MessageView } from '@rockhopper/client'
import type { NativeTransactionProducer, RocketMQTransactionsOptions } from '@rockhopper/nestjs/typeorm'
import type { MaybeCrash } from './world.fixture.js'

type Listener = Parameters<NonNullable<RocketMQTransactionsOptions['producer']>>[0]['listener']
type Sent = Parameters<NativeTransactionProducer['sendMessageInTransaction']>[0]

export interface Half {
  readonly id: string
  readonly topic: string
  readonly tag: string
  readonly body: string
  readonly properties: Readonly<Record<string, string>>
}

/** The part of a broker that holds messages back until it knows, and asks when it was not told. */
export class HalfMessages {
  /** Committed, and not delivered yet. */
  readonly decided: Half[] = []
  readonly undecided: Half[] = []
  /** How many questions were answered with yes, and with no. */
  readonly answers = { committed: 0, rolledBack: 0 }
  readonly #maybeCrash: MaybeCrash
  #listener: Listener | undefined

  constructor(maybeCrash: MaybeCrash) {
    this.#maybeCrash = maybeCrash
  }

  producer(listener: Listener): NativeTransactionProducer {
    this.#listener = listener
    return {
      start: () => Promise.resolve(),
      greet: () => Promise.resolve(),
      shutdown: () => Promise.resolve(),
      sendMessageInTransaction: async (message, execute) => {
        const half = halfOf(message)
        this.undecided.push(half)
        this.#maybeCrash('after-half')
        const context = { transactionId: half.id, signal: new AbortController().signal }
        const localTransactionState = await listener.executeLocalTransaction(message, execute, context)
        if (localTransactionState === 'COMMIT_MESSAGE') this.#maybeCrash('before-end')
        this.#take(half, localTransactionState)
        return {
          status: 'SEND_OK',
          messageId: half.id,
          offsetMessageId: half.id,
          queue: { topic: half.topic, brokerName: 'broker-a', queueId: 0 },
          queueOffset: 0,
          transactionId: half.id,
          localTransactionState,
          confirmed: true,
        }
      },
    }
  }

  /** What became of a half message that was taken out of `undecided`. */
  async ask(half: Half): Promise<void> {
    if (this.#listener === undefined) throw new Error('nobody to ask')
    this.undecided.push(half)
    const { id: messageId, properties } = half
    const context = { transactionId: messageId, signal: new AbortController().signal }
    const view = { messageId, properties } as MessageView
    const state = await this.#listener.checkLocalTransaction(view, context)
    this.#take(half, state)
    if (state === 'COMMIT_MESSAGE') this.answers.committed++
    if (state === 'ROLLBACK_MESSAGE') this.answers.rolledBack++
  }

  #take(half: Half, state: string): void {
    if (state === 'UNKNOW') return
    this.undecided.splice(this.undecided.indexOf(half), 1)
    if (state === 'COMMIT_MESSAGE') this.decided.push(half)
  }
}

function halfOf({ topic, tag = '', body, properties = {} }: Sent): Half {
  return { id: randomUUID(), topic, tag, body: Buffer.from(body).toString(), properties }
}
