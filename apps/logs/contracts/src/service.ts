import 'reflect-metadata'
import { type DynamicModule, type INestApplication, Logger } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { connectRocketMQ } from '@rockhopper/nestjs'
import { checkFaultSetting } from './fault-point.js'
import { readSettings, type ServiceSettings, SettingsError } from './settings.js'

const DRAIN_MS = 10_000

export interface ServicePlan {
  readonly name: string
  readonly defaultPort: number
  module(settings: ServiceSettings): DynamicModule | Promise<DynamicModule>
}

/**
 * Runs one service of the pipeline as a process: one `ready` line on standard output; SIGTERM, SIGINT or the
 * end of the parent that started it drains and ends it in at most ten seconds.
 */
export async function runService(plan: ServicePlan): Promise<void> {
  try {
    checkFaultSetting()
    const settings = readSettings(plan.name, plan.defaultPort)
    const app = await startService(plan, settings)
    endWithSignals(plan.name, app)
    const { port } = app.getHttpServer().address() as { port: number }
    process.stdout.write(`ready service=${plan.name} host=${settings.host} port=${port}\n`)
  } catch (error) {
    const wrongUsage = error instanceof SettingsError || error instanceof RangeError
    process.stderr.write(`${plan.name}: ${wrongUsage ? error.message : String(error)}\n`)
    process.exit(wrongUsage ? 2 : 1)
  }
}

export async function startService(plan: ServicePlan, settings: ServiceSettings): Promise<INestApplication> {
  const app = await NestFactory.create(await plan.module(settings), {
    logger: ['warn', 'error', 'fatal'],
    abortOnError: false,
    // Bodies of lines are read by the collector itself, within its own limits.
    bodyParser: false,
  })
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
