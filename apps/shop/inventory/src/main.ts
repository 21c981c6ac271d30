import { runService } from '@rockhopper/shop-contracts'
import { InventoryModule } from './inventory-module.js'

await runService({
  name: 'inventory',
  defaultPort: 8012,
  beforeAck: 'inventory.after-effect-before-ack',
  module: (settings) => InventoryModule.forRoot(settings),
})
