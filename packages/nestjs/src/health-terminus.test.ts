import { expect, test } from '@jest/globals'
import { Controller, Get, Inject, Module } from '@nestjs/common'
import {
  HealthCheck,
  HealthCheckService,
  HealthIndicatorService,
  MicroserviceHealthIndicator,
  TerminusModule,
} from '@nestjs/terminus'
import { ClientRocketMQ } from './client.js'
import { RocketMQEvent } from './decorators.js'
import { RocketMQHealthIndicator } from './health.js'
import { MemoryBroker } from './memory-broker.fixture.js'
import { RocketMQModule } from './module.js'
import { startHybrid } from './server.fixture.js'
import { ServerRocketMQ } from './server.js'

const broker = new MemoryBroker()
const connection = { namesrvAddr: 'memory', clients: broker, connectAttempts: 1 }

/** Terminus of Nest 11 has no such status. */
const degradedAs = 'degraded' in new HealthIndicatorService().check('mq') ? 'degraded' : 'up'

@Controller()
class Orders {
  @RocketMQEvent('a')
  handle(): void {}
}

@Controller('health')
class Health {
  constructor(
    @Inject(HealthCheckService) private readonly health: HealthCheckService,
    @Inject(RocketMQHealthIndicator) private readonly mq: RocketMQHealthIndicator,
    @Inject(MicroserviceHealthIndicator) private readonly microservices: MicroserviceHealthIndicator,
  ) {}

  @Get('live')
  @HealthCheck()
  live() {
    return this.health.check([() => this.mq.liveness('mq')])
  }

  @Get('ready')
  @HealthCheck()
  ready() {
    return this.health.check([() => this.mq.readiness('mq', { lagMax: 1, lagDownAt: 5, degradedAs })])
  }

  @Get('ping')
  @HealthCheck()
  ping() {
    const options = { customClass: ClientRocketMQ, options: connection, timeout: 2_000 }
    return this.health.check([() => this.microservices.pingCheck('mq', options as never)])
  }
}

@Module({
  imports: [TerminusModule, RocketMQModule.forRoot({ ...connection, server: { consumerGroup: 'shop' } })],
  controllers: [Orders, Health],
})
class App {}

// B46, B54
test('@nestjs/terminus serves liveness, readiness with its lag, and its own ping of a client', async () => {
  const app = await startHybrid(App)
  await app.listen(0, '127.0.0.1')
  const { port } = app.getHttpServer().address() as { port: number }
  const ask = async (path: string) => {
    const answer = await fetch(`http://127.0.0.1:${port}/health/${path}`)
    const { details } = (await answer.json()) as {
      details: { mq?: { status: string; isDegraded?: boolean } }
    }
    return [answer.status, details.mq?.status, details.mq?.isDegraded ?? false]
  }
  expect(await ask('live')).toEqual([200, 'up', false])
  expect(await ask('ready')).toEqual([200, 'up', false])
  expect(await ask('ping')).toEqual([200, 'up', false])

  app.get(ServerRocketMQ).pause()
  for (let n = 0; n < 3; n++) broker.store({ topic: 'a', body: Buffer.from('1') })
  // Behind, but serving.
  expect(await ask('ready')).toEqual([200, degradedAs, true])
  for (let n = 0; n < 3; n++) broker.store({ topic: 'a', body: Buffer.from('1') })
  expect(await ask('ready')).toEqual([503, 'down', true])

  broker.down = new Error('no name server')
  expect(await ask('ping')).toEqual([503, 'down', false])
  expect(await ask('live')).toEqual([200, 'up', false])
  await app.close()
})
