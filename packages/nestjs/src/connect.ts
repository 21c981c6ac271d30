import type { INestApplication, INestMicroservice } from '@nestjs/common'
import type { RocketMQServerOptions } from './options.js'
import { ServerRocketMQ } from './server.js'

export interface ConnectRocketMQOptions extends RocketMQServerOptions {
  /** Default: a new one when options of a server are given, else the one of `RocketMQModule`. */
  readonly strategy?: ServerRocketMQ
  /**
   * Whether global pipes, guards, interceptors and filters of the application hold for handlers too. Default
   * true.
   */
  readonly inheritAppConfig?: boolean
}

/**
 * Adds RocketMQ handlers to an HTTP application. Nest leaves out global enhancers there unless
 * `inheritAppConfig` is set, so here it is on. Nothing is pulled before every `onApplicationBootstrap` ended,
 * whatever the order of `startAllMicroservices` and `listen`.
 */
export function connectRocketMQ(
  app: INestApplication,
  options: ConnectRocketMQOptions = {},
): INestMicroservice {
  const { inheritAppConfig = true, strategy, ...server } = options
  const own = Object.keys(server).length > 0 ? new ServerRocketMQ(server) : undefined
  const made = strategy ?? own ?? app.get<ServerRocketMQ>(ServerRocketMQ)
  holdUntilBootstrapped(app, made)
  drainBeforeHooks(app, made)
  return app.connectMicroservice({ strategy: made }, { inheritAppConfig })
}

/** The servers of an application that have not begun to pull, or to drain. */
interface Servers {
  readonly starting: ServerRocketMQ[]
  readonly stopping: ServerRocketMQ[]
}

const serversOf = new WeakMap<object, Servers>()

function servers(app: object): Servers {
  const known = serversOf.get(app) ?? { starting: [], stopping: [] }
  serversOf.set(app, known)
  return known
}

/**
 * Nest has no hook behind the last `onApplicationBootstrap`, but `init` resolves there, and `listen` calls
 * it.
 */
function holdUntilBootstrapped(app: INestApplication, strategy: ServerRocketMQ): void {
  if ((app as { isInitialized?: boolean }).isInitialized === true) return
  strategy.hold('bootstrap')
  const { starting } = servers(app)
  if (starting.push(strategy) > 1) return
  aroundNext(app, 'init', async (init) => {
    await init()
    await Promise.all(starting.splice(0).map((server) => server.release('bootstrap')))
    return app
  })
}

/**
 * Nest destroys modules one after the other, and those that everybody uses last. A server that went on to
 * pull until its own turn would give messages to handlers whose services have destroyed themselves.
 */
function drainBeforeHooks(app: INestApplication, strategy: ServerRocketMQ): void {
  const { stopping } = servers(app)
  if (stopping.push(strategy) > 1) return
  aroundNext(app, 'callDestroyHook', (destroy) => {
    for (const server of stopping.splice(0)) server.onModuleDestroy()
    return destroy()
  })
}

/**
 * Puts `run` around the next call of a method, also by the application itself. The proxy that NestFactory
 * returns swallows assignments (its `set` trap does nothing); a definition goes through.
 */
function aroundNext(app: object, name: string, run: (own: () => Promise<unknown>) => Promise<unknown>): void {
  const own = (): Promise<unknown> => {
    // Nest's own method again: what the proxy hands out looks the name up at each call.
    Reflect.deleteProperty(app, name)
    return Reflect.get(app, name).call(app)
  }
  Object.defineProperty(app, name, { value: () => run(own), configurable: true })
}
