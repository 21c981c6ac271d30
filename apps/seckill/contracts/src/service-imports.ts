import { join } from 'node:path'
import type { DynamicModule } from '@nestjs/common'
import { TypeOrmModule } from '@nestjs/typeorm'
import { ClientRocketMQ, RocketMQModule, type RocketMQRecord, type SendReceipt } from '@rockhopper/nestjs'
import { OutboxModule, type OutboxPublisher, ROCKETMQ_ENTITIES } from '@rockhopper/nestjs/typeorm'
import {
  databaseOptions,
  declaredTopics,
  instrumentation,
  openDatabase,
  type ServiceSettings,
  traceProperties,
} from '@rockhopper/service'
import { type FaultPoint, faultPoint } from './fault-point.js'
import { SECKILL_PLAN } from './topics.js'

const PUBLISHER = Symbol('PUBLISHER')
/** A message that failed this often after its first delivery goes to the dead letters. */
const MAX_RECONSUME_TIMES = 16
/** How long the events that a killed service was sending wait for its next life. */
const OUTBOX_LEASE_MS = 5_000

/**
 * The message transport. The service starts without a broker, too, and waits for it in the background.
 * `instance` tells the instances of a service on one host apart: needed for broadcasts, and for going on at
 * once with ordered queues after a crash.
 */
export function transportImports(settings: ServiceSettings, instance?: string): DynamicModule[] {
  return [
    RocketMQModule.forRoot({
      namesrvAddr: settings.namesrvAddr,
      producerGroup: `seckill-${settings.service}`,
      connectAttempts: 0,
      instrumentation: instrumentation(),
      server: {
        ...(instance === undefined ? {} : { instanceName: instance }),
        // Not in a home directory: with the other data of the service.
        offsetStoreDir: join(settings.dataDir, 'offsets'),
        maxReconsumeTimes: MAX_RECONSUME_TIMES,
        from: 'first',
        shutdownTimeoutMs: 8_000,
      },
    }),
    declaredTopics(settings, SECKILL_PLAN),
  ]
}

/** A database of the service's own, and the outbox in it. */
export function databaseImports(
  settings: ServiceSettings,
  entities: readonly (new () => object)[],
  beforeMark?: FaultPoint,
): DynamicModule[] {
  const publisher: DynamicModule = {
    module: class PublisherModule {},
    global: true,
    providers: [
      {
        provide: PUBLISHER,
        inject: [ClientRocketMQ],
        useFactory: (client: ClientRocketMQ) => new MarkingPublisher(client, beforeMark),
      },
    ],
    exports: [PUBLISHER],
  }
  return [
    databaseImport(settings, entities),
    publisher,
    OutboxModule.forRoot({
      publisher: PUBLISHER,
      leaseMs: OUTBOX_LEASE_MS,
      properties: traceProperties,
      pollIntervalMs: 250,
    }),
  ]
}

/** The database alone, with the tables that the outbox wants. */
export function databaseImport(
  settings: ServiceSettings,
  entities: readonly (new () => object)[],
): DynamicModule {
  return TypeOrmModule.forRootAsync({
    useFactory: () => ({
      ...databaseOptions(settings, [...entities, ...ROCKETMQ_ENTITIES]),
      retryAttempts: 1,
    }),
    dataSourceFactory: openDatabase,
  })
}

/** Between outbox and broker: a fault point between the broker's acknowledgement and the relay's mark. */
class MarkingPublisher implements OutboxPublisher {
  readonly #client: ClientRocketMQ
  readonly #beforeMark: FaultPoint | undefined

  constructor(client: ClientRocketMQ, beforeMark: FaultPoint | undefined) {
    this.#client = client
    this.#beforeMark = beforeMark
  }

  async publish(
    pattern: { readonly topic: string; readonly tag?: string },
    record: RocketMQRecord,
  ): Promise<SendReceipt> {
    const receipt = await this.#client.publish(pattern, record)
    if (this.#beforeMark !== undefined) faultPoint(this.#beforeMark)
    return receipt
  }
}
