import 'reflect-metadata'
import { type DynamicModule, type INestApplication, Logger, ValidationPipe } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { connectRocketMQ } from '@rockhopper/nestjs'
import { prepareDatabase } from './database.js'
import { checkFaultSetting, type FaultPoint } from './fault-point.js'
import { HandledInterceptor } from './handled-interceptor.js'
import { ProblemFilter } from './problem-filter.js'
import { readSettings, type ServiceSettings, SettingsError } from './settings.js'

const DRAIN_MS = 10_000

export interface ServicePlan {
  readonly name: string
  readonly defaultPort: number
  /**
   * Passed between a handler's committed effect and its acknowledgement; absent in a service without
   * handlers.
   */
  readonly beforeAck?: FaultPoint
  module(settings: ServiceSettings): DynamicModule
}

/**
 * Runs one service of the shop as a process: HTTP and message handlers, one `ready` line on standard output,
 * SIGTERM or SIGINT (or the end of the parent that started it) drains and ends it in at most ten seconds.
 */
export async function runService(plan: ServicePlan): Promise<void> {
  try {
    checkFaultSetting()
    const settings = readSettings(plan.name, plan.defaultPort)
    await prepareDatabase(settings)
    const app = await startService(plan, settings)
    endWithSignals(plan.name, app)
    const { port } = app.getHttpServer().address() as { port: number }
    process.stdout.write(`ready service=${plan.name} host=${settings.host} port=${port}\n`)
    process.send?.({ kind: 'ready', service: plan.name, host: settings.host, port })
  } catch (error) {
    const text = error instanceof SettingsError || error instanceof RangeError ? error.message : String(error)
    process.stderr.write(`${plan.name}: ${text}\n`)
    process.exit(error instanceof SettingsError || error instanceof RangeError ? 2 : 1)
  }
}

async function startService(plan: ServicePlan, settings: ServiceSettings): Promise<INestApplication> {
  const app = await NestFactory.create(plan.module(settings), {
    logger: ['warn', 'error', 'fatal'],
    abortOnError: false,
  })
  app.useGlobalPipes(new ValidationPipe({ transform: true, whitelist: true, forbidUnknownValues: true }))
  app.useGlobalInterceptors(new HandledInterceptor(plan.name, plan.beforeAck))
  app.useGlobalFilters(new ProblemFilter())
  connectRocketMQ(app)
  await app.startAllMicroservices()
  await app.listen(settings.port, settings.host)
  return app
}

function endWithSignals(name: string, app: INestApplication): void {
  let ending = false
  const end = (why: string): void => {
    if (ending) return
    ending = true
    process.stderr.write(`${name}: ${why}, draining\n`)
    // The process must not hang on one connection that never ends.
    setTimeout(() => process.exit(1), DRAIN_MS).unref()
    app.close().then(
      () => process.exit(0),
      (error: unknown) => {
        new Logger(name).error(error)
        process.exit(1)
      },
    )
  }
  process.once('SIGTERM', () => end('SIGTERM'))
  process.once('SIGINT', () => end('SIGINT'))
  process.once('disconnect', () => end('parent ended'))
}
