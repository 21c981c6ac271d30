/** What the console shows of a broker: for the server that asks and the page that shows. */
export interface ConsoleView {
  /** Ms since 1970. */
  readonly at: number
  readonly brokers: readonly BrokerView[]
  readonly topics: readonly TopicView[]
  readonly groups: readonly GroupView[]
}

export interface BrokerView {
  readonly cluster: string
  readonly name: string
  /** `host:port` by broker id; 0 is the master. */
  readonly addresses: Readonly<Record<string, string>>
}

export interface TopicView {
  readonly topic: string
  /** Whose topic it is: an application's, a group's retries or dead letters, the broker's own. */
  readonly kind: 'normal' | 'retry' | 'dead-letter' | 'system'
  readonly queues: number
  /** Kept now: what retention took away is not in it. */
  readonly messages: number
  /** When the last one was stored, ms since 1970; 0 when none was. */
  readonly lastAt: number
}

export interface GroupView {
  readonly group: string
  /** Every member gets every message, and keeps its own offsets: the broker has none. */
  readonly broadcast: boolean
  readonly members: readonly MemberView[]
  /** What waits in each; where every member has its own, for the slowest one. */
  readonly topics: readonly { readonly topic: string; readonly lag: number }[]
  readonly lag: number
  readonly deadLetters: number
}

/** A member that is online. */
export interface MemberView {
  readonly clientId: string
  /** Its own, in a broadcast group; undefined when it does not say, or shares the group's. */
  readonly lag: number | undefined
}

export interface MessageFound {
  readonly messageId: string
  readonly offsetMessageId: string
  readonly topic: string
  readonly brokerName: string
  readonly queueId: number
  readonly queueOffset: number
  readonly tag: string
  readonly keys: readonly string[]
  /** Ms since 1970. */
  readonly storedAt: number
  readonly bornHost: string
  readonly deliveries: number
  readonly properties: Readonly<Record<string, string>>
  /** As text, its beginning. */
  readonly body: string
  readonly bodySize: number
}
