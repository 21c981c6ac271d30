import { createServer } from 'node:net'
import { GenericContainer, getContainerRuntimeClient, type StartedTestContainer, Wait } from 'testcontainers'

export const ELASTICSEARCH_IMAGE =
  process.env['ROCKHOPPER_TEST_ELASTICSEARCH_IMAGE'] ?? 'elasticsearch:8.19.4'
/** There is no official image that serves as it is: NameNode and DataNode in one, see CONTRIBUTING.md. */
export const HDFS_IMAGE = process.env['ROCKHOPPER_TEST_HDFS_IMAGE']

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
