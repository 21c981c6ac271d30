import {
  type DynamicModule,
  type InjectionToken,
  Module,
  type ModuleMetadata,
  type OptionalFactoryDependency,
  type Provider,
} from '@nestjs/common'
import { ClientRocketMQ } from './client.js'
import type { RocketMQModuleOptions } from './options.js'
import { ServerRocketMQ } from './server.js'
import { ROCKETMQ_OPTIONS } from './transport.js'

export interface RocketMQModuleAsyncOptions extends Pick<ModuleMetadata, 'imports'> {
  readonly useFactory: (...args: never[]) => RocketMQModuleOptions | Promise<RocketMQModuleOptions>
  readonly inject?: readonly (InjectionToken | OptionalFactoryDependency)[]
}

/**
 * Builds `ServerRocketMQ` and `ClientRocketMQ` in the container, for every module of the application. Neither
 * does anything before it is used: `connectRocketMQ(app)` for the server, the first send for the client.
 */
@Module({})
export class RocketMQModule {
  static forRoot(options: RocketMQModuleOptions = {}): DynamicModule {
    return dynamicModule([], { provide: ROCKETMQ_OPTIONS, useValue: options })
  }

  static forRootAsync({ imports = [], inject = [], useFactory }: RocketMQModuleAsyncOptions): DynamicModule {
    return dynamicModule(imports, { provide: ROCKETMQ_OPTIONS, useFactory, inject: [...inject] })
  }
}

function dynamicModule(imports: NonNullable<ModuleMetadata['imports']>, options: Provider): DynamicModule {
  return {
    module: RocketMQModule,
    global: true,
    imports,
    providers: [
      options,
      {
        provide: ServerRocketMQ,
        inject: [ROCKETMQ_OPTIONS],
        useFactory: ({ server, client: _client, ...connection }: RocketMQModuleOptions) => {
          const strategy = new ServerRocketMQ({ ...connection, ...server })
          // Ended by the server's own onApplicationBootstrap, which Nest calls because it is a provider.
          strategy.hold('module')
          return strategy
        },
      },
      {
        provide: ClientRocketMQ,
        inject: [ROCKETMQ_OPTIONS],
        useFactory: ({ server: _server, client, ...connection }: RocketMQModuleOptions) => {
          return new ClientRocketMQ({ ...connection, ...client })
        },
      },
    ],
    exports: [ROCKETMQ_OPTIONS, ServerRocketMQ, ClientRocketMQ],
  }
}
