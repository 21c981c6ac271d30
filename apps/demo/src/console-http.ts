import type { ServerResponse } from 'node:http'
import type { BrokerConsole } from './broker-console.js'

const TELL_EVERY_MS = 2_000

/** The console's view as server-sent events while the page is open; `down` says why there is none. */
export function tellView(broker: BrokerConsole, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  let timer: NodeJS.Timeout | undefined
  let open = true
  response.once('close', () => {
    open = false
    clearTimeout(timer)
  })
  const tell = async (): Promise<void> => {
    const [event, data] = await broker.view().then(
      (view) => ['view', view] as const,
      (error: unknown) => ['down', { why: String((error as Error).message) }] as const,
    )
    if (!open) return
    response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
    timer = setTimeout(() => void tell(), TELL_EVERY_MS)
  }
  void tell()
}

/** Status and body of the answer to a search. */
export async function findMessages(
  broker: BrokerConsole,
  query: URLSearchParams,
): Promise<readonly [status: number, body: object]> {
  const topic = query.get('topic') ?? ''
  const key = (query.get('key') ?? '').trim()
  if (topic === '' && key === '') return [400, { message: 'choose a topic, or give an offset message id' }]
  try {
    return [200, await broker.messages(topic, key)]
  } catch (error) {
    return [503, { message: `the broker did not find it: ${(error as Error).message}` }]
  }
}
