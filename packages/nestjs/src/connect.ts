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
  return app.connectMicroservice({ strategy: made }, { inheritAppConfig })
}

/** Servers that wait for the end of an application's `init`. */
const waiting = new WeakMap<object, ServerRocketMQ[]>()

/**
 * Nest has no hook behind the last `onApplicationBootstrap`, but `init` resolves there, and `listen` calls
 * it.
 */
function holdUntilBootstrapped(app: INestApplication, strategy: ServerRocketMQ): void {
  if ((app as { isInitialized?: boolean }).isInitialized === true) return
  strategy.hold('bootstrap')
  const others = waiting.get(app)
  if (others !== undefined) {
    others.push(strategy)
    return
  }
  const servers = [strategy]
  waiting.set(app, servers)
  const initAndRelease = async (): Promise<INestApplication> => {
    // Nest's own method again: what the proxy hands out looks the name up at each call.
    Reflect.deleteProperty(app, 'init')
    waiting.delete(app)
    await app.init()
    await Promise.all(servers.map((server) => server.release('bootstrap')))
    return app
  }
  // The proxy that NestFactory returns swallows assignments (its `set` trap does nothing); a definition goes
  // through.
  Object.defineProperty(app, 'init', { value: initAndRelease, configurable: true })
}
