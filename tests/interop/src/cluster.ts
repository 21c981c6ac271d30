/** What every scenario needs to know of the servers it runs against; it does not know whose they are. */
export interface Cluster {
  readonly implementation: 'apache' | 'rockhopper'
  /** HOST:PORT of the name server. */
  readonly nameserver: string
  readonly broker: Broker
  stop(): Promise<void>
}

export interface NameServer {
  readonly address: string
  stop(): Promise<void>
}

export interface Broker {
  readonly address: string
  readonly brokerName: string
  /** storePathRootDir. It is removed at the end unless the caller chose it. */
  readonly storeDir: string
  /** Asks it to end, and waits until its files are closed. */
  stop(): Promise<void>
  /** SIGKILL: the store keeps its abort file. */
  kill9(): Promise<void>
}
