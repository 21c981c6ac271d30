import { runService } from '@rockhopper/shop-contracts'
import { UserModule } from './user-module.js'

await runService({
  name: 'user',
  defaultPort: 8015,
  module: (settings) => UserModule.forRoot(settings),
})
