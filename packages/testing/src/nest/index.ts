export { RocketMQTestingModule, type RocketMQTestingOptions } from './rocketmq-testing-module.js'
