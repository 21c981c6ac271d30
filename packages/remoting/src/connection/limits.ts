/** Every bound of a connection, by name; what happens at it is said beside it. */
export interface RemotingLimits {
  /** Bytes of one frame, length word included. Beyond: the connection is closed. */
  readonly frameSizeMax: number
  /** Accepted connections in all, and from one address. Beyond: closed at once. */
  readonly connectionsMax: number
  readonly connectionsPerAddressMax: number
  /** Requests of one connection whose answer is still due, and bytes of their bodies. Beyond: code 2. */
  readonly inFlightMax: number
  readonly inFlightBytesMax: number
  /** Requests we sent on one connection that wait for an answer. Beyond: TOO_MANY_REQUESTS. */
  readonly pendingMax: number
  /**
   * Bytes not yet taken by the kernel. Beyond: nothing more is read from this peer until half of it is
   * gone.
   */
  readonly outboundPauseBytes: number
  /** Beyond: the connection is closed. */
  readonly outboundCloseBytes: number
  /** The same bytes of all connections. Beyond: the connection that has most of them is closed. */
  readonly outboundTotalBytes: number
  /** Outbound bytes wait and none of them is taken for so long: the connection is closed. */
  readonly outboundStallMs: number
  /** A frame that began is not complete after so long: the connection is closed. */
  readonly partialFrameMs: number
  /** Neither read nor written for so long: the connection is closed. */
  readonly idleMs: number
}

/** remoting.md section 6.3 and the reliability rules on hostile peers. */
export const DEFAULT_LIMITS: RemotingLimits = {
  frameSizeMax: 16_777_216,
  connectionsMax: 16_384,
  connectionsPerAddressMax: 8_192,
  inFlightMax: 16_384,
  inFlightBytesMax: 128 * 1024 * 1024,
  pendingMax: 65_535,
  outboundPauseBytes: 8 * 1024 * 1024,
  outboundCloseBytes: 32 * 1024 * 1024,
  outboundTotalBytes: 256 * 1024 * 1024,
  outboundStallMs: 10_000,
  partialFrameMs: 30_000,
  idleMs: 120_000,
}
