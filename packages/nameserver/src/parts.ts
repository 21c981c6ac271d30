import type { Clock, Compute, Log } from '@rockhopper/env'
import type { NameServerConfig } from './config.js'
import type { KvConfig } from './kv-config.js'
import type { RouteTable } from './route-table.js'

/** What the processors work on. */
export interface NameServerParts {
  readonly clock: Clock
  readonly compute: Compute
  readonly log: Log
  readonly config: NameServerConfig
  readonly routes: RouteTable
  readonly kv: KvConfig
}
