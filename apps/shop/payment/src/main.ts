import { runService } from '@rockhopper/shop-contracts'
import { PaymentModule } from './payment-module.js'

await runService({
  name: 'payment',
  defaultPort: 8013,
  beforeAck: 'payment.after-effect-before-ack',
  module: (settings) => PaymentModule.forRoot(settings),
})
