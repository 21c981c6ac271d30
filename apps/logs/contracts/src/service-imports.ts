import type { DynamicModule } from '@nestjs/common'
import { RocketMQModule } from '@rockhopper/nestjs'
import { declaredTopics, instrumentation, type ServiceSettings } from '@rockhopper/service'
import { LOGS_PLAN } from './topics.js'

/** What every service of the pipeline is built on: the message transport, and topics that are there. */
export function serviceImports(settings: ServiceSettings): DynamicModule[] {
  return [
    RocketMQModule.forRoot({
      namesrvAddr: settings.namesrvAddr,
      producerGroup: `logs-${settings.service}`,
      // Lines wait at their source while the broker is down, so a service starts without one.
      connectAttempts: 0,
      instrumentation: instrumentation(),
      server: { shutdownTimeoutMs: 8_000 },
    }),
    declaredTopics(settings, LOGS_PLAN),
  ]
}
