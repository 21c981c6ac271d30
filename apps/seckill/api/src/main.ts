import { runService } from '@rockhopper/seckill-contracts'
import { ApiModule } from './api-module.js'
import { readApiSettings } from './api-settings.js'

await runService({
  name: 'api',
  defaultPort: 8031,
  module: (settings) => ApiModule.forRoot(settings, readApiSettings()),
})
