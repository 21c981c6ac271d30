import { runService } from '@rockhopper/shop-contracts'
import { OrderModule } from './order-module.js'
import { readOrderSettings } from './order-settings.js'

await runService({
  name: 'order',
  defaultPort: 8011,
  beforeAck: 'order.after-effect-before-ack',
  module: (settings) => OrderModule.forRoot(settings, readOrderSettings()),
})
