import { createNodeEnv } from '@rockhopper/env'
import {
  createRemotingServer,
  ok,
  type Processors,
  ResponseCode,
  refuse,
  TopicRouteData,
} from '@rockhopper/remoting'
import { SILENT } from './virtual-clock.fixture.js'

export const env = { ...createNodeEnv(), log: SILENT }

export interface ScriptedServer {
  readonly address: string
  stop(): Promise<void>
}

/** A server on a free port that answers the commands given and refuses every other with 3. */
export async function serverOf(processors: Processors): Promise<ScriptedServer> {
  const server = createRemotingServer({
    net: env.net,
    clock: env.clock,
    log: SILENT,
    host: '127.0.0.1',
    port: 0,
    processors,
  })
  const { host, port } = await server.start()
  return { address: `${host}:${port}`, stop: () => server.stop() }
}

/** Topic to brokers, each with as many queues as said. */
export type Routes = Map<
  string,
  readonly { readonly name: string; readonly address: string; readonly queues: number }[]
>

/** A name server that knows what is in `routes` now, and counts what it was asked. */
export async function nameServerOf(routes: Routes): Promise<ScriptedServer & { readonly asked: string[] }> {
  const asked: string[] = []
  const server = await serverOf({
    GET_ROUTEINFO_BY_TOPIC: ({ topic }) => {
      asked.push(topic)
      const brokers = routes.get(topic)
      if (brokers === undefined) return refuse(ResponseCode.TOPIC_NOT_EXIST, `No topic route info: ${topic}`)
      const data: TopicRouteData = {
        brokerDatas: brokers.map(({ name, address }) => ({
          brokerName: name,
          cluster: 'c',
          brokerAddrs: new Map([[0, address]]),
          enableActingMaster: false,
        })),
        queueDatas: brokers.map(({ name, queues }) => ({
          brokerName: name,
          perm: 6,
          readQueueNums: queues,
          writeQueueNums: queues,
          topicSysFlag: 0,
        })),
        filterServerTable: new Map(),
      }
      return ok({}, TopicRouteData.encode(data))
    },
  })
  return { ...server, asked }
}
