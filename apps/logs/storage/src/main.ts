import { runService } from '@rockhopper/logs-contracts'
import { StorageModule } from './storage-module.js'
import { readStorageSettings } from './storage-settings.js'

await runService({
  name: 'storage',
  defaultPort: 8022,
  module: (settings) => StorageModule.forRoot(settings, readStorageSettings(settings)),
})
