export { CollectorModule } from './collector-module.js'
export { readCollectorSettings } from './collector-settings.js'
