export {
  HealthHttp,
  handledTogether,
  httpUrl,
  measure,
  type ServiceSettings,
  SettingsError,
  wholeNumber,
} from '@rockhopper/service'
export { FAULT_POINTS, type FaultPoint, faultPoint } from './fault-point.js'
export { pause } from './pause.js'
export { queueName } from './queue-name.js'
export { RecentIds } from './recent-ids.js'
export { runService, type ServicePlan, startService } from './service.js'
export { serviceImports } from './service-imports.js'
export { Group, LOG_TOPICS, LOGS_PLAN, Topic } from './topics.js'
