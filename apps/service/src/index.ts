export { type Batch, handledTogether } from './batch-trace.js'
export { databaseOptions, openDatabase } from './database.js'
export { declaredTopics, type TopicPlan, type TopicsPlan } from './declared-topics.js'
export { delayLevelOf } from './delay-level.js'
export { defineFaultPoints, type FaultPoints } from './fault-points.js'
export { HealthHttp } from './health-http.js'
export { postOnce } from './post-once.js'
export { ProblemFilter } from './problem-filter.js'
export { runService, type ServicePlan, startService } from './service.js'
export {
  httpUrl,
  readSettings,
  type ServiceSettings,
  type SettingsDefaults,
  SettingsError,
  wholeNumber,
} from './settings.js'
export { instrumentation, type Measure, measure, traceProperties } from './telemetry.js'
