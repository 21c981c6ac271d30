import { runService } from '@rockhopper/logs-contracts'
import { CollectorModule } from './collector-module.js'
import { readCollectorSettings } from './collector-settings.js'

await runService({
  name: 'collector',
  defaultPort: 8021,
  module: (settings) => CollectorModule.forRoot(settings, readCollectorSettings(settings)),
})
