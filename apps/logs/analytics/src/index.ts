export { AnalyticsModule } from './analytics-module.js'
export { readAnalyticsSettings } from './analytics-settings.js'
export type { WindowView } from './window-closing.js'
