/** What a name server is told, under Apache's names (NamesrvConfig) where it has them. */
export interface NameServerConfig {
  /** Address to bind. */
  readonly host: string
  /** 0 means any free port. */
  readonly listenPort: number
  /** File of the KV configuration; empty keeps it in memory only. */
  readonly kvConfigPath: string
  /** Answers routes with the order configuration of the topic. */
  readonly orderMessageEnable: boolean
  /** Tells registering brokers the order configurations. */
  readonly returnOrderTopicConfigToBroker: boolean
  /** Shows the lowest slave as master of a group that lost it, when the group allows it. */
  readonly supportActingMaster: boolean
  /** Forgets topics that a registration does not carry any more. */
  readonly deleteTopicWithBrokerRegistration: boolean
  /** Ms between looks at the liveness of brokers. */
  readonly scanNotActiveBrokerInterval: number
}

export const NAME_SERVER_DEFAULTS: NameServerConfig = {
  host: '127.0.0.1',
  listenPort: 9876,
  kvConfigPath: '',
  orderMessageEnable: false,
  returnOrderTopicConfigToBroker: true,
  supportActingMaster: false,
  deleteTopicWithBrokerRegistration: false,
  scanNotActiveBrokerInterval: 5_000,
}
