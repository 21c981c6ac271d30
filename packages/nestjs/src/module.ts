import {
  type DynamicModule,
  type InjectionToken,
  Module,
  type ModuleMetadata,
  type OptionalFactoryDependency,
  type Provider,
} from '@nestjs/common'
import { ClientRocketMQ } from './client.js'
import { healthResult, RocketMQHealthIndicator } from './health.js'
import type { RocketMQConnectionOptions, RocketMQModuleOptions } from './options.js'
import { ServerRocketMQ } from './server.js'
import {
  clientToken,
  healthToken,
  optionsToken,
  ROCKETMQ_CONNECTION,
  ROCKETMQ_OPTIONS,
  rocketMQTransport,
  serverToken,
} from './transport.js'

export interface RocketMQModuleAsyncOptions extends Pick<ModuleMetadata, 'imports'> {
  /** Of a second cluster; its server and client have the tokens `serverToken(name)`, `clientToken(name)`. */
  readonly name?: string
  readonly useFactory: (...args: never[]) => RocketMQModuleOptions | Promise<RocketMQModuleOptions>
  readonly inject?: readonly (InjectionToken | OptionalFactoryDependency)[]
}

/**
 * Builds `ServerRocketMQ` and `ClientRocketMQ` in the container, for every module of the application. Neither
 * does anything before it is used: `connectRocketMQ(app)` for the server, the first send for the client.
 * Imported once more with a `name` it builds those of another cluster, under tokens.
 */
@Module({})
export class RocketMQModule {
  static forRoot(options: RocketMQModuleOptions & { readonly name?: string } = {}): DynamicModule {
    const { name, ...rest } = options
    return dynamicModule([], name, { provide: tokensOf(name).options, useValue: rest })
  }

  static forRootAsync(options: RocketMQModuleAsyncOptions): DynamicModule {
    const { imports = [], inject = [], name, useFactory } = options
    return dynamicModule(imports, name, { provide: tokensOf(name).options, useFactory, inject: [...inject] })
  }
}

interface Tokens {
  readonly options: symbol
  readonly server: InjectionToken
  readonly client: InjectionToken
  readonly health: InjectionToken
}

const tokensOf = (name: string | undefined): Tokens =>
  name === undefined
    ? {
        options: ROCKETMQ_OPTIONS,
        server: ServerRocketMQ,
        client: ClientRocketMQ,
        health: RocketMQHealthIndicator,
      }
    : {
        options: optionsToken(name),
        server: serverToken(name),
        client: clientToken(name),
        health: healthToken(name),
      }

function dynamicModule(
  imports: NonNullable<ModuleMetadata['imports']>,
  name: string | undefined,
  given: Provider,
): DynamicModule {
  const { options, server, client, health } = tokensOf(name)
  return {
    module: RocketMQModule,
    global: true,
    imports,
    providers: [
      given,
      { provide: ROCKETMQ_CONNECTION, useValue: {} },
      {
        provide: server,
        inject: [options, ROCKETMQ_CONNECTION],
        useFactory: (
          { server: own, client: _client, ...connection }: RocketMQModuleOptions,
          first: RocketMQConnectionOptions,
        ) => {
          const strategy = new ServerRocketMQ({ ...connection, ...own, ...first })
          if (name !== undefined) strategy.setTransportId(rocketMQTransport(name))
          // Ended by the server's own onApplicationBootstrap, which Nest calls because it is a provider.
          strategy.hold('module')
          return strategy
        },
      },
      {
        provide: client,
        inject: [options, ROCKETMQ_CONNECTION],
        useFactory: (
          { server: _server, client: own, ...connection }: RocketMQModuleOptions,
          first: RocketMQConnectionOptions,
        ) => {
          return new ClientRocketMQ({ ...connection, ...own, ...first })
        },
      },
      {
        provide: health,
        inject: [server, client, options],
        useFactory: (of: ServerRocketMQ, sender: ClientRocketMQ, { client: own }: RocketMQModuleOptions) => {
          const indicator = new RocketMQHealthIndicator(of)
          if (own?.transactions === undefined) return indicator
          return indicator.include('transactions of ClientRocketMQ', async () => {
            const message = sender.transactionsNotReady()
            return healthResult('part', message === undefined ? 'up' : 'down', { message })
          })
        },
      },
    ],
    exports: [options, server, client, health],
  }
}
