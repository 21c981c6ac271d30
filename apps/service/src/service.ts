import 'reflect-metadata'
import {
  type DynamicModule,
  type INestApplication,
  Logger,
  type NestInterceptor,
  ValidationPipe,
} from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { connectRocketMQ } from '@rockhopper/nestjs'
import { checkFaultSetting } from './fault-points.js'
import { createLogger, NestLogger } from './logging.js'
import { addOperations } from './operations.js'
import { ProblemFilter } from './problem-filter.js'
import { readSettings, type ServiceSettings, SettingsError } from './settings.js'
import { type HandledLevel, startTelemetry } from './telemetry.js'

const DRAIN_MS = 10_000

export interface ServicePlan {
  /** The system that the service belongs to, `shop`: names the folder of its data. */
  readonly system: string
  readonly name: string
  readonly defaultPort: number
  /** What ROCKHOPPER_FAULT may name. */
  readonly faultPoints: readonly string[]
  /** Around every handler, of HTTP and of messages. */
  readonly interceptors?: readonly NestInterceptor[]
  /** False where the service reads bodies itself, within its own limits. */
  readonly bodyParser?: boolean
  /** False where the service has no handlers of messages. */
  readonly messages?: boolean
  /** At which level the log tells of every request and message handled; default `info`. */
  readonly handledLevel?: HandledLevel
  module(settings: ServiceSettings): DynamicModule | Promise<DynamicModule>
}

/**
 * Runs one service as a process: HTTP and message handlers, one `ready` line on standard output; SIGTERM,
 * SIGINT, or the end of the parent that started it drains and ends it in at most ten seconds.
 */
export async function runService(plan: ServicePlan): Promise<void> {
  try {
    checkFaultSetting(plan.faultPoints)
    const settings = readSettings({ system: plan.system, service: plan.name, port: plan.defaultPort })
    const app = await startService(plan, settings)
    endWithSignals(plan.name, app)
    const { port } = app.getHttpServer().address() as { port: number }
    process.stdout.write(`ready service=${plan.name} host=${settings.host} port=${port}\n`)
    if (process.connected) process.send?.({ kind: 'ready', service: plan.name, host: settings.host, port })
  } catch (error) {
    const text = error instanceof SettingsError || error instanceof RangeError ? error.message : String(error)
    process.stderr.write(`${plan.name}: ${text}\n`)
    process.exit(error instanceof SettingsError || error instanceof RangeError ? 2 : 1)
  }
}

/** The service within this process: for tests, and for who has signals and messages of their own. */
export async function startService(plan: ServicePlan, settings: ServiceSettings): Promise<INestApplication> {
  const logger = createLogger(plan.system, plan.name, settings.logLevel)
  startTelemetry(logger, plan.handledLevel ?? 'info')
  const app = await NestFactory.create(await plan.module(settings), {
    logger: new NestLogger(logger),
    abortOnError: false,
    bodyParser: plan.bodyParser ?? true,
  })
  app.useGlobalPipes(new ValidationPipe({ transform: true, whitelist: true, forbidUnknownValues: true }))
  app.useGlobalInterceptors(...(plan.interceptors ?? []))
  app.useGlobalFilters(new ProblemFilter())
  addOperations(app)
  if (plan.messages ?? true) {
    connectRocketMQ(app)
    await app.startAllMicroservices()
  }
  await app.listen(settings.port, settings.host)
  return app
}

function endWithSignals(name: string, app: INestApplication): void {
  const logger = new Logger(name)
  let ending = false
  const end = (why: string): void => {
    if (ending) return
    ending = true
    logger.log(`${why}, draining`)
    // The process must not hang on one connection that never ends.
    setTimeout(() => process.exit(1), DRAIN_MS).unref()
    app.close().then(
      () => process.exit(0),
      (error: unknown) => {
        logger.error(error)
        process.exit(1)
      },
    )
  }
  process.once('SIGTERM', () => end('SIGTERM'))
  process.once('SIGINT', () => end('SIGINT'))
  // A parent with a channel that went while this process started: nobody heard the event then.
  if (process.send !== undefined && !process.connected) end('parent ended')
  else process.once('disconnect', () => end('parent ended'))
}
