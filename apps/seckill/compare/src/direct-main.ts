import { runService } from '@rockhopper/seckill-contracts'
import { DirectModule } from './direct-module.js'

// The other side of the comparison: no queue between users and database.
await runService({
  name: 'direct',
  defaultPort: 8034,
  messages: false,
  module: (settings) => DirectModule.forRoot(settings),
})
