import { ok, type Processors } from '@rockhopper/remoting'
import type { NameServerParts } from '../parts.js'

/** Code 319. A running name server takes no new configuration: code 318 stays unsupported. */
export function serverConfigProcessors({ config }: Pick<NameServerParts, 'config'>): Processors {
  return {
    GET_NAMESRV_CONFIG: () => {
      const lines = Object.entries(config).map(([key, value]) => `${key}=${String(value)}`)
      return ok({}, Buffer.from(`${lines.join('\n')}\n`))
    },
  }
}
