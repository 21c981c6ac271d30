import type { TestingModuleBuilder } from '@nestjs/testing'
import { ROCKETMQ_CONNECTION, type RocketMQConnectionOptions } from '@rockhopper/nestjs'

/** An `EmbeddedRocketMQ`, a `RocketMQContainer`, or anything that knows its name server. */
export interface RocketMQAddress {
  readonly nameserverAddress: string
}

/**
 * Puts an application's `RocketMQModule` on another RocketMQ, in one line, whatever it was configured with:
 * `await useRocketMQ(Test.createTestingModule({ imports: [AppModule] }), mq).compile()`. Groups, handlers and
 * all other options stay.
 */
export function useRocketMQ(
  builder: TestingModuleBuilder,
  { nameserverAddress }: RocketMQAddress,
  more: Omit<RocketMQConnectionOptions, 'namesrvAddr'> = {},
): TestingModuleBuilder {
  return builder.overrideProvider(ROCKETMQ_CONNECTION).useValue({ ...more, namesrvAddr: nameserverAddress })
}
