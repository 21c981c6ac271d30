import type { Host } from '@rockhopper/env'
import type { ClientOptions } from './client-options.js'

let clients = 0

/**
 * `<ip>@<instanceName>` (remoting.md section 13.3). Without a name it is `<pid>#<number>`: two clients of
 * one process differ by the number, clients of two processes by the pid; `bornAt` (ms since 1970) keeps a
 * reused pid apart.
 */
export function clientIdOf(
  options: Pick<ClientOptions, 'clientIp' | 'instanceName'>,
  host: Host,
  bornAt: number,
): string {
  const ip = options.clientIp ?? host.address
  return `${ip}@${options.instanceName ?? `${host.pid}#${bornAt}${String(++clients).padStart(6, '0')}`}`
}
