import { setTimeout as delay } from 'node:timers/promises'
import { GenericContainer, type StartedTestContainer, Wait } from 'testcontainers'
import { DataSource } from 'typeorm'

const SERVERS = {
  postgres: {
    port: 5432,
    user: 'postgres',
    database: 'postgres',
    data: '/var/lib/postgresql/data',
    environment: (password: string) => ({ POSTGRES_PASSWORD: password }),
  },
  mariadb: {
    port: 3306,
    user: 'root',
    database: 'mysql',
    data: '/var/lib/mysql',
    environment: (password: string) => ({ MARIADB_ROOT_PASSWORD: password }),
  },
} as const

export type ServerType = keyof typeof SERVERS

const PASSWORD = 'rockhopper'
const START_TIMEOUT_MS = 120_000
const CONNECT_ATTEMPTS = 100

/** A database server in a container, whose user may make databases. */
export class DatabaseServer implements AsyncDisposable {
  readonly type: ServerType
  readonly url: string
  readonly #container: StartedTestContainer

  private constructor(type: ServerType, url: string, container: StartedTestContainer) {
    this.type = type
    this.url = url
    this.#container = container
  }

  /** Resolves when the server takes a query. */
  static async start(type: ServerType, image: string): Promise<DatabaseServer> {
    const { port, user, database, data, environment } = SERVERS[type]
    const container = await new GenericContainer(image)
      .withEnvironment(environment(PASSWORD))
      .withExposedPorts(port)
      // In memory: these tests make and drop databases all the time, and none survives its container.
      .withTmpFs({ [data]: 'rw' })
      .withWaitStrategy(Wait.forListeningPorts())
      .withStartupTimeout(START_TIMEOUT_MS)
      .withAutoRemove(true)
      .start()
    const host = `${container.getHost()}:${container.getMappedPort(port)}`
    const server = new DatabaseServer(type, `${type}://${user}:${PASSWORD}@${host}/${database}`, container)
    try {
      await server.#answers()
    } catch (error) {
      await server[Symbol.asyncDispose]()
      throw error
    }
    return server
  }

  /** Makes a database and returns its address. */
  async createDatabase(name: string): Promise<string> {
    const admin = await new DataSource({ type: this.type, url: this.url }).initialize()
    await admin.query(`CREATE DATABASE ${name}`)
    await admin.destroy()
    const url = new URL(this.url)
    url.pathname = `/${name}`
    return url.href
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#container.stop()
  }

  /** A first start listens, ends and listens again. */
  async #answers(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        const client = await new DataSource({ type: this.type, url: this.url }).initialize()
        await client.query('SELECT 1')
        await client.destroy()
        return
      } catch (error) {
        if (attempt === CONNECT_ATTEMPTS) throw error
        await delay(200)
      }
    }
  }
}
