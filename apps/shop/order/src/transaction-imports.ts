import type { DynamicModule } from '@nestjs/common'
import { TransactionProducer } from '@rockhopper/client'
import { RocketMQTransactionsModule, type RocketMQTransactionsOptions } from '@rockhopper/nestjs/typeorm'
import { faultPoint, type ServiceSettings, Topic } from '@rockhopper/shop-contracts'

type MakeProducer = NonNullable<RocketMQTransactionsOptions['producer']>

/** `RocketMQTransactions` on the service's own database. All instances answer for each other's orders. */
export function transactionImports({ namesrvAddr }: ServiceSettings): DynamicModule[] {
  return [
    RocketMQTransactionsModule.forRoot({
      namesrvAddr,
      producerGroup: 'shop-order-transactions',
      topics: [Topic.ORDER],
      producer: (options) => new TransactionProducer(withFaultPoints(options)),
    }),
  ]
}

/** The moments at which only the broker's question can tell what became of an order. */
function withFaultPoints(options: Parameters<MakeProducer>[0]): Parameters<MakeProducer>[0] {
  const { listener } = options
  return {
    ...options,
    listener: {
      executeLocalTransaction: async (message, execute, context) => {
        faultPoint('order.after-half-before-work')
        const state = await listener.executeLocalTransaction(message, execute, context)
        if (state === 'COMMIT_MESSAGE') faultPoint('order.after-commit-before-end')
        return state
      },
      checkLocalTransaction: (message, context) => listener.checkLocalTransaction(message, context),
    },
  }
}
