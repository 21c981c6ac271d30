import { type ClientApi, createClientApi } from '@rockhopper/client/api'
import type { Clock, Env } from '@rockhopper/env'
import { isMqError, MqError } from '@rockhopper/message'
import { ResponseCode, TopicRouteData } from '@rockhopper/remoting'
import { createDeclared } from './declared.js'
import { declaredTopics, type ServerConfig } from './server-config.js'

/** A broker that was started, and where it has to be known. */
export interface Registration {
  readonly name: string
  readonly address: string
  /**
   * HOST:PORT each; one that knows the broker is enough, as for clients. None: it need not be known
   * anywhere.
   */
  readonly nameservers: readonly string[]
}

const FIRST_WAIT_MS = 2
const WAIT_MAX_MS = 250

/**
 * Creates the declared topics and groups, then asks name servers until they tell of every broker and
 * every topic. It asks over the wire, as a client will: what it saw, a client sees.
 */
export async function untilReady(
  env: Env,
  config: ServerConfig,
  registrations: readonly Registration[],
): Promise<void> {
  if (registrations.length === 0) return
  const { signal, readyTimeoutMs } = config
  const giveUp = new AbortController()
  const onAbort = (): void => giveUp.abort(signal?.reason)
  if (signal?.aborted === true) onAbort()
  signal?.addEventListener('abort', onAbort, { once: true })
  const cancel =
    readyTimeoutMs === undefined ? () => {} : env.clock.after(readyTimeoutMs, () => giveUp.abort())
  const api = createClientApi({ env })
  try {
    for (const { address } of registrations) await createDeclared(api, address, config)
    const topics = declaredTopics(config).map(({ topic }) => topic)
    for (const registration of registrations) {
      if (registration.nameservers.length > 0) {
        await untilKnown(api, env.clock, registration, topics, giveUp.signal)
      }
    }
  } catch (error) {
    const isLate = isMqError(error, 'REQUEST_ABORTED') && signal?.aborted !== true
    if (isLate) throw new MqError('REGISTER_FAILED', `Waiting ${readyTimeoutMs} ms`, { cause: error })
    throw error
  } finally {
    cancel()
    signal?.removeEventListener('abort', onAbort)
    await api.close()
  }
}

async function untilKnown(
  api: ClientApi,
  clock: Clock,
  registration: Registration,
  topics: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(2 * waitMs, WAIT_MAX_MS)) {
    for (const nameserver of registration.nameservers) {
      if (await isKnown(api, nameserver, registration, topics)) return
    }
    await wait(clock, waitMs, signal)
  }
}

async function isKnown(
  api: ClientApi,
  nameserver: string,
  { name, address }: Registration,
  topics: readonly string[],
): Promise<boolean> {
  try {
    const { brokerAddrTable } = await api.clusterInfo(nameserver)
    const addresses = brokerAddrTable.get(name)?.brokerAddrs.values() ?? []
    if (![...addresses].includes(address)) return false
    const header = { acceptStandardJsonOnly: true }
    const routes = topics.map((topic) =>
      api.commands.GET_ROUTEINFO_BY_TOPIC(nameserver, { topic, ...header }),
    )
    return (await Promise.all(routes)).every(
      ({ code, body }) =>
        code === ResponseCode.SUCCESS &&
        TopicRouteData.decode(body).queueDatas.some(({ brokerName }) => brokerName === name),
    )
  } catch (error) {
    // A name server that is not there yet is asked again.
    if (!isMqError(error)) throw error
    return false
  }
}

function wait(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      cancel()
      reject(new MqError('REQUEST_ABORTED', 'Waiting for a name server to know the broker'))
    }
    const cancel = clock.after(ms, () => {
      signal.removeEventListener('abort', onAbort)
      resolve()
    })
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true })
  })
}
