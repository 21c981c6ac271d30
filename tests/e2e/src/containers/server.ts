import { createServer } from 'node:net'
import { GenericContainer, getContainerRuntimeClient, type StartedTestContainer, Wait } from 'testcontainers'

export const ELASTICSEARCH_IMAGE =
  process.env['ROCKHOPPER_TEST_ELASTICSEARCH_IMAGE'] ?? 'elasticsearch:8.19.4'
/** There is no official image that serves as it is: NameNode and DataNode in one, see CONTRIBUTING.md. */
export const HDFS_IMAGE = process.env['ROCKHOPPER_TEST_HDFS_IMAGE']

export const POSTGRES_IMAGE = process.env['ROCKHOPPER_TEST_POSTGRES_IMAGE'] ?? 'postgres:16'

/** A server in a container, at the same address before and after a stop. */
export interface Server extends AsyncDisposable {
  readonly url: string
  stop(): Promise<void>
  start(): Promise<void>
}

export async function startElasticsearch(): Promise<Server> {
  const port = await freePort()
  const container = await new GenericContainer(ELASTICSEARCH_IMAGE)
    .withEnvironment({
      'discovery.type': 'single-node',
      'xpack.security.enabled': 'false',
      ES_JAVA_OPTS: '-Xms384m -Xmx384m',
    })
    .withExposedPorts({ container: 9200, host: port })
    .withWaitStrategy(Wait.forHttp('/', 9200).forStatusCode(200))
    .withStartupTimeout(120_000)
    .start()
  return server(container, `http://localhost:${port}`)
}

/** PostgreSQL, in memory: none of its databases survives its container. */
export interface DatabaseServer extends AsyncDisposable {
  /** Makes a database and returns its address. */
  createDatabase(name: string): Promise<string>
}

export async function startPostgres(): Promise<DatabaseServer> {
  const container = await new GenericContainer(POSTGRES_IMAGE)
    .withEnvironment({ POSTGRES_PASSWORD: 'rockhopper' })
    .withExposedPorts(5432)
    .withTmpFs({ '/var/lib/postgresql/data': 'rw' })
    // A first start listens, ends and listens again.
    .withWaitStrategy(Wait.forLogMessage(/database system is ready to accept connections/, 2))
    .withStartupTimeout(120_000)
    .start()
  const host = `localhost:${container.getMappedPort(5432)}`
  return {
    createDatabase: async (name) => {
      const { exitCode, output } = await container.exec(['createdb', '-U', 'postgres', name])
      if (exitCode !== 0) throw new Error(`createdb ${name}: ${output}`)
      return `postgres://postgres:rockhopper@${host}/${name}`
    },
    [Symbol.asyncDispose]: () => container.stop({ timeout: 1_000 }).then(() => undefined),
  }
}

/** WebHDFS sends its clients on to the DataNode by name and port, so that port is the same in and outside. */
export async function startHdfs(): Promise<Server> {
  const [nameNode, dataNode] = [await freePort(), await freePort()]
  const container = await new GenericContainer(HDFS_IMAGE ?? '')
    .withEnvironment({ ADVERTISED_HOST: 'localhost', DATANODE_HTTP_PORT: String(dataNode) })
    .withExposedPorts({ container: 9870, host: nameNode }, { container: dataNode, host: dataNode })
    .withWaitStrategy(Wait.forLogMessage('hdfs: ready'))
    .withStartupTimeout(120_000)
    .start()
  return server(container, `http://localhost:${nameNode}`)
}

async function server(container: StartedTestContainer, url: string): Promise<Server> {
  const runtime = await getContainerRuntimeClient()
  const found = runtime.container.getById(container.getId())
  return {
    url,
    stop: () => found.stop({ t: 1 }).then(() => undefined),
    start: () => found.start().then(() => undefined),
    [Symbol.asyncDispose]: () => container.stop({ timeout: 1_000 }).then(() => undefined),
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const listener = createServer()
    listener.once('error', reject)
    listener.listen(0, '127.0.0.1', () => {
      const address = listener.address()
      listener.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
