export {
  databaseOptions,
  delayLevelOf,
  HealthHttp,
  postOnce,
  readSettings,
  type ServiceSettings,
  SettingsError,
  wholeNumber,
} from '@rockhopper/service'
export { CATALOGUE, PAYMENT_LIMIT_CENTS } from './catalogue.js'
export {
  Customer,
  OrderCreated,
  OrderItem,
  OrderStep,
  PriceChanged,
  type Quote,
  QuoteRequest,
  type ShopOrder,
  UserRegistered,
} from './events.js'
export { FAULT_POINTS, type FaultPoint, faultPoint } from './fault-point.js'
export { formatCents } from './money.js'
export { NOTICES_AT_ONCE } from './notices.js'
export { runService, type ServicePlan } from './service.js'
export { serviceImports } from './service-imports.js'
export { reportStep, type Step } from './step.js'
export { Group, SHOP_PLAN, Topic } from './topics.js'
