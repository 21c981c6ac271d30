import { Controller, Get, Module } from '@nestjs/common'
import { RocketMQEvent, RocketMQHealthIndicator, RocketMQModule, rocketMQTransport } from '@rockhopper/nestjs'
import { openTelemetry } from '@rockhopper/nestjs/opentelemetry'
import { prometheus } from '@rockhopper/nestjs/prometheus'

@Controller('health')
export class Health {
  constructor(private readonly rocketmq: RocketMQHealthIndicator) {}

  /** The same functions go into `health.check([…])` of @nestjs/terminus. */
  @Get('ready')
  ready() {
    return this.rocketmq.readiness('rocketmq', { lagMax: 10_000 })
  }

  @RocketMQEvent('audit_topic', { transport: rocketMQTransport('eu'), group: 'audit' })
  fromTheOtherCluster(): void {}
}

@Module({
  imports: [
    RocketMQModule.forRoot({ instrumentation: [openTelemetry(), prometheus()] }),
    RocketMQModule.forRoot({ name: 'eu', namesrvAddr: 'eu.example:9876' }),
  ],
  controllers: [Health],
})
export class OperationsModule {}
