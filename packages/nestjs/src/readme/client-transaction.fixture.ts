import { Injectable, type OnModuleInit } from '@nestjs/common'
import { ClientRocketMQ, RollbackMessageException } from '@rockhopper/nestjs'

/** Stands for whatever the work changes: a database of any kind, another service. */
@Injectable()
export class Payments {
  readonly #charged = new Set<string>()

  async charge(amount: number, transactionId: string): Promise<'charged' | 'declined'> {
    if (amount > 1_000) return 'declined'
    this.#charged.add(transactionId)
    return 'charged'
  }

  async isCharged(transactionId: string): Promise<boolean> {
    return this.#charged.has(transactionId)
  }
}

// RocketMQModule.forRoot({ client: { transactions: { producerGroup: 'payments', topics: ['paid'] } } })
@Injectable()
export class Charge implements OnModuleInit {
  constructor(
    private readonly client: ClientRocketMQ,
    private readonly payments: Payments,
  ) {}

  /** What a broker is told that has heard nothing, also of a process that is gone. */
  onModuleInit(): void {
    this.client.checkTransactions(async (_message, { transactionId }) =>
      (await this.payments.isCharged(transactionId)) ? 'COMMIT_MESSAGE' : 'ROLLBACK_MESSAGE',
    )
  }

  async run(orderId: string, amount: number): Promise<string> {
    const { receipt } = await this.client.transaction('paid', { orderId }, async (context) => {
      const outcome = await this.payments.charge(amount, context.transactionId)
      if (outcome === 'declined') throw new RollbackMessageException('declined')
    })
    return receipt.messageId
  }
}
