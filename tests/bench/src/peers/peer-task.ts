/** What the generator for peers is to do, as JSON on its command line. */
export interface PeerTask {
  readonly wire: 'redis' | 'nats' | 'amqp' | 'kafka'
  readonly port: number
  readonly connections: number
  /** In all, spread over the connections. */
  readonly inFlight: number
  readonly bodySize: number
  readonly warmUpMs: number
  readonly measureMs: number
}
