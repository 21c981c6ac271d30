import { join } from 'node:path'
import type { DynamicModule } from '@nestjs/common'
import { TypeOrmModule } from '@nestjs/typeorm'
import { ClientRocketMQ, RocketMQModule } from '@rockhopper/nestjs'
import { OutboxModule, ROCKETMQ_ENTITIES } from '@rockhopper/nestjs/typeorm'
import {
  databaseOptions,
  declaredTopics,
  instrumentation,
  openDatabase,
  type ServiceSettings,
  traceProperties,
  wholeNumber,
} from '@rockhopper/service'
import { DeadLetters, OWN_GROUPS, SERVICE_SETTINGS } from './dead-letters.js'
import { DeadLettersHttp } from './dead-letters-http.js'
import type { FaultPoint } from './fault-point.js'
import { ReportingPublisher } from './reporting-publisher.js'
import { ResentRow } from './resent-row.js'
import { SHOP_PLAN } from './topics.js'

const PUBLISHER = Symbol('PUBLISHER')
/** A message that failed this often after its first delivery goes to the dead letters. */
const RETRIES = { byDefault: 16, min: 0, max: 16 }
/** How long the events that a killed service was sending wait for its next life. */
const OUTBOX_LEASE_MS = 5_000

export interface ServiceParts {
  /** The service's own, whose dead letters it shows and resends. */
  readonly groups: readonly string[]
  readonly entities: readonly (new () => object)[]
  readonly beforePublish?: FaultPoint
  readonly beforeMark?: FaultPoint
}

/** What every service of the shop is built on: a database of its own, the message transport, the outbox. */
export function serviceImports(settings: ServiceSettings, parts: ServiceParts): DynamicModule[] {
  const publisher: DynamicModule = {
    module: class PublisherModule {},
    global: true,
    providers: [
      {
        provide: PUBLISHER,
        inject: [ClientRocketMQ],
        useFactory: (client: ClientRocketMQ) =>
          new ReportingPublisher(client, settings.service, parts.beforePublish, parts.beforeMark),
      },
    ],
    exports: [PUBLISHER],
  }
  return [
    TypeOrmModule.forRootAsync({
      useFactory: () => ({
        ...databaseOptions(settings, [...parts.entities, ResentRow, ...ROCKETMQ_ENTITIES]),
        retryAttempts: 1,
      }),
      dataSourceFactory: openDatabase,
    }),
    RocketMQModule.forRoot({
      namesrvAddr: settings.namesrvAddr,
      producerGroup: `shop-${settings.service}`,
      // The shop takes orders while the broker is down, so a service starts without one.
      connectAttempts: 0,
      instrumentation: instrumentation(),
      server: {
        // Broadcast and orderly groups need a name for each instance on one host.
        instanceName: process.env['SHOP_INSTANCE'] || `${settings.service}-1`,
        offsetStoreDir: join(settings.dataDir, 'offsets'),
        maxReconsumeTimes: wholeNumber('SHOP_RETRIES', RETRIES),
        from: 'first',
        shutdownTimeoutMs: 8_000,
      },
    }),
    publisher,
    deadLetters(settings, parts.groups),
    declaredTopics(settings, SHOP_PLAN),
    OutboxModule.forRoot({ publisher: PUBLISHER, leaseMs: OUTBOX_LEASE_MS, properties: traceProperties }),
  ]
}

function deadLetters(settings: ServiceSettings, groups: readonly string[]): DynamicModule {
  return {
    module: class DeadLettersModule {},
    controllers: [DeadLettersHttp],
    providers: [
      DeadLetters,
      { provide: SERVICE_SETTINGS, useValue: settings },
      { provide: OWN_GROUPS, useValue: groups },
    ],
  }
}
