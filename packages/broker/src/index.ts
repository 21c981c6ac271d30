export { type Broker, type BrokerOptions, createBroker } from './broker.js'
export { type BrokerConfig, CONFIG, type ConfigKey, completeConfig } from './config.js'
export type { ConfigOf, ConfigRow, ConfigTable } from './config-rows.js'
export {
  nearestKey,
  type ParsedConfig,
  parseConfig,
  parseProperties,
  readProperties,
} from './properties-file.js'
