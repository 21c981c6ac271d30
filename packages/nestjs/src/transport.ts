/**
 * The transport id of this package. A global symbol, so that two installed copies agree; Nest gives a handler
 * that names a transport only to the strategy with the same id.
 */
export const ROCKETMQ_TRANSPORT: symbol = Symbol.for('rockhopper.nestjs.rocketmq')

/** Injection token of the options given to `RocketMQModule`. */
export const ROCKETMQ_OPTIONS: symbol = Symbol.for('rockhopper.nestjs.options')

/**
 * Transport id of a named cluster: of `RocketMQModule.forRoot({ name })`, and for the option `transport` of
 * its handlers.
 */
export const rocketMQTransport = (name: string): symbol => Symbol.for(`rockhopper.nestjs.rocketmq.${name}`)

/** Injection token of the server of a named cluster. */
export const serverToken = (name: string): symbol => Symbol.for(`rockhopper.nestjs.server.${name}`)

/** Injection token of the client of a named cluster. */
export const clientToken = (name: string): symbol => Symbol.for(`rockhopper.nestjs.client.${name}`)

/** Injection token of the health indicator of a named cluster. */
export const healthToken = (name: string): symbol => Symbol.for(`rockhopper.nestjs.health.${name}`)

/** Injection token of the options given to `RocketMQModule` for a named cluster. */
export const optionsToken = (name: string): symbol => Symbol.for(`rockhopper.nestjs.options.${name}`)

/** Injection token of what goes before the options of every `RocketMQModule`: tests override it. */
export const ROCKETMQ_CONNECTION: symbol = Symbol.for('rockhopper.nestjs.connection')
