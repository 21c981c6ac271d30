export { type EmbeddedOptions, EmbeddedRocketMQ } from './embedded-rocketmq.js'
export { type RunningBroker, type RunningServer, startServer } from './server.js'
export type { DeclaredTopic, ServerConfig } from './server-config.js'
