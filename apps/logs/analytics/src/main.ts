import { runService } from '@rockhopper/logs-contracts'
import { AnalyticsModule } from './analytics-module.js'
import { readAnalyticsSettings } from './analytics-settings.js'

await runService({
  name: 'analytics',
  defaultPort: 8023,
  module: (settings) => AnalyticsModule.forRoot(settings, readAnalyticsSettings(settings)),
})
