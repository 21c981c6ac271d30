export { type DeclaredTopic, type EmbeddedOptions, EmbeddedRocketMQ } from '@rockhopper/embedded'
export { createSteerableEnv, type SteerableEnv } from './steerable-env.js'
