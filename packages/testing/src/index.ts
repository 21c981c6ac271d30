export { type DeclaredTopic, type EmbeddedOptions, EmbeddedRocketMQ } from '@rockhopper/embedded'
