import { runService } from '@rockhopper/shop-contracts'
import { NotificationModule } from './notification-module.js'

await runService({
  name: 'notification',
  defaultPort: 8014,
  beforeAck: 'notification.after-effect-before-ack',
  module: (settings) => NotificationModule.forRoot(settings),
})
