import { Injectable, Module } from '@nestjs/common'
import { RocketMQTransactions, RocketMQTransactionsModule } from '@rockhopper/nestjs/typeorm'

@Injectable()
export class ReserveStock {
  constructor(private readonly transactions: RocketMQTransactions) {}

  async run(sku: string): Promise<void> {
    await this.transactions.run('stock_topic:reserved', { sku }, async (manager) => {
      await manager.query('UPDATE stock SET free = free - 1 WHERE sku = $1', [sku])
    })
  }
}

// TypeOrmModule.forRoot({ …, entities: [TransactionEntry, …] }) provides the DataSource.
@Module({
  imports: [RocketMQTransactionsModule.forRoot({ producerGroup: 'stock', topics: ['stock_topic'] })],
  providers: [ReserveStock],
})
export class StockModule {}
