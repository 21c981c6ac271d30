import type { Admin } from '@rockhopper/client'

/** What a command found: as data for `--json`, and as text for people. */
export interface Output {
  readonly json: unknown
  readonly text: string
}

/** Options as the command line has them, by long name. */
export type AdminOptions = Readonly<Record<string, string | undefined>>

/** One command under mqadmin's name, with mqadmin's letters. */
export interface AdminCommand {
  readonly name: string
  readonly description: string
  /** Without `rockhopper` and the name server's address. */
  readonly example: string
  readonly options: readonly AdminOption[]
  readonly run: (admin: Admin, options: AdminOptions) => Promise<Output>
}

interface AdminOption {
  readonly flags: string
  readonly description: string
  readonly required?: boolean
}

export const TOPIC = { flags: '-t, --topic <topic>', description: 'topic name', required: true } as const
export const GROUP = {
  flags: '-g, --groupName <group>',
  description: 'consumer group',
  required: true,
} as const

/** Where a change is made. */
export const TARGET = [
  {
    flags: '-c, --clusterName <cluster>',
    description: 'every master of this cluster (default: of every cluster)',
  },
  { flags: '-b, --brokerAddr <address>', description: 'this broker alone, HOST:PORT' },
] as const

export function targetOf({ clusterName, brokerAddr }: AdminOptions) {
  return {
    ...(clusterName === undefined ? {} : { cluster: clusterName }),
    ...(brokerAddr === undefined ? {} : { brokerAddr }),
  }
}

/** Ms since 1970 as text, or nothing for the times that stand for "never". */
export const timeText = (timestamp: number): string =>
  timestamp > 0 && timestamp < 8.64e15 ? new Date(timestamp).toISOString() : ''

/** Name servers list brokers in the order of registration; people look for names. */
export const byBrokerName = (
  a: { readonly brokerName: string },
  b: { readonly brokerName: string },
): number => (a.brokerName < b.brokerName ? -1 : Number(a.brokerName > b.brokerName))
