/**
 * The transport id of this package. A global symbol, so that two installed copies agree; Nest gives a handler
 * that names a transport only to the strategy with the same id.
 */
export const ROCKETMQ_TRANSPORT: symbol = Symbol.for('rockhopper.nestjs.rocketmq')

/** Injection token of the options given to `RocketMQModule`. */
export const ROCKETMQ_OPTIONS: symbol = Symbol.for('rockhopper.nestjs.options')
