import type { TestingModuleBuilder } from '@nestjs/testing'
import { ROCKETMQ_CONNECTION, type RocketMQConnectionOptions } from '@rockhopper/nestjs'

/** An `EmbeddedRocketMQ`, a `RocketMQContainer`, or anything that knows its name server. */
export interface RocketMQAddress {
  readonly nameserverAddress: string
}

/**
 * Puts an application's `RocketMQModule` on another RocketMQ, in one line, whatever it was configured with:
 * `await useRocketMQ(Test.createTestingModule({ imports: [AppModule] }), mq).compile()`. Groups, handlers and
 * all other options stay, but for TLS and credentials: they belong to the cluster that it was configured
 * with.
 */
export function useRocketMQ(
  builder: TestingModuleBuilder,
  { nameserverAddress }: RocketMQAddress,
  more: Omit<RocketMQConnectionOptions, 'namesrvAddr'> = {},
): TestingModuleBuilder {
  const connection: RocketMQConnectionOptions = {
    tls: undefined,
    acl: undefined,
    ...more,
    namesrvAddr: nameserverAddress,
  }
  return builder.overrideProvider(ROCKETMQ_CONNECTION).useValue(connection)
}
