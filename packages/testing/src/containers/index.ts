export { RocketMQContainer, type RocketMQContainerOptions } from './rocketmq-container.js'
