export { type ConsumptionWish, deadLetters, recordFailures, waitForConsumption } from './consumption.js'
export { type DeliveredMessage, deliver, messageOf } from './deliver.js'
export { RocketMQTestingModule, type RocketMQTestingOptions } from './rocketmq-testing-module.js'
export { type RocketMQAddress, useRocketMQ } from './use-rocketmq.js'
