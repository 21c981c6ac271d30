export {
  delayLevelOf,
  HealthHttp,
  httpUrl,
  measure,
  postOnce,
  type ServiceSettings,
  SettingsError,
  wholeNumber,
} from '@rockhopper/service'
export { FAULT_POINTS, type FaultPoint, faultPoint } from './fault-point.js'
export {
  CampaignQuestion,
  ItemState,
  itemKey,
  type LostReason,
  NewCampaign,
  NewItem,
  type Outcome,
  SeckillRequest,
  SeckillResult,
  TicketQuestion,
  UnpaidDue,
} from './messages.js'
export { perSecond } from './per-second.js'
export { runService, type ServicePlan } from './service.js'
export { databaseImport, databaseImports, transportImports } from './service-imports.js'
export { ticketOf } from './ticket.js'
export { Group, SECKILL_PLAN, Topic } from './topics.js'
