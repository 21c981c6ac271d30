/**
 * The outside world as one object. Everything below level 3 of the package graph reaches clocks, disks,
 * sockets and chance only through these interfaces, so that a simulator can own all of them.
 * Constructors take the parts they use, not the whole.
 */
export interface Env {
  readonly clock: Clock
  readonly disk: Disk
  readonly net: Net
  readonly random: Random
  readonly compute: Compute
  readonly host: Host
  readonly log: Log
}

/** Ends a timer or a registration. Calling it twice, or after it fired, does nothing. */
export type Cancel = () => void

export interface Clock {
  /** Wall clock in ms since 1970, for timestamps that are stored or sent. May jump in both directions. */
  now(): number
  /** Ms since an arbitrary instant, never falls: for every timeout, lease and duration. */
  monotonic(): number
  /** Runs `run` once, not before `delayMs` passed. Keeps the process alive until it fired or is ended. */
  after(delayMs: number, run: () => void): Cancel
  /**
   * Runs `run` once when the current turn of the loop ends: after everything that is readable now was read,
   * before the loop waits again. Order of registration is kept; a callback may register for the next turn.
   */
  endOfTurn(run: () => void): void
}

/** Uniform chance, for jitter, ids and queue choice; not for secrets. */
export interface Random {
  /** A number in [0, 1). */
  float(): number
  /** An integer in [0, below). `below` is 1 to 2^31. */
  int(below: number): number
}

export interface Host {
  readonly pid: number
  /** Differs after each boot of the machine; empty where the platform has none. */
  readonly bootId: string
  readonly totalMemory: number
  /** First non-loopback IPv4 address, else 127.0.0.1. */
  readonly address: string
  /** Home directory of the user, for files that belong to nobody else. */
  readonly homeDirectory: string
  /** Minutes to add to local time to get UTC at `time`, as Date.getTimezoneOffset says. */
  timezoneOffsetMinutes(time: number): number
}

/** Structured warnings and notes of a library. Rate-limited by `code` at the sink; never throws. */
export interface Log {
  info(code: string, fields?: Readonly<Record<string, unknown>>): void
  warn(code: string, fields?: Readonly<Record<string, unknown>>): void
  error(code: string, fields?: Readonly<Record<string, unknown>>): void
}

/** How bytes are compressed (remoting.md section 30). */
export type Codec = 'ZLIB' | 'ZSTD' | 'LZ4'

/**
 * Pure jobs that would stall the loop, by name. Inline or in a worker: the caller cannot tell.
 * Bytes given are not changed and must not be changed by the caller before the promise settles.
 */
export interface Compute {
  /**
   * Bytes to a stream of `codec`: zlib stream, zstd frame, LZ4 frame. `level` is 0 to 9; LZ4 has none.
   * Rejects with code ERR_UNSUPPORTED, naming the remedy, when this process lacks the codec (zstd before
   * Node 22.15, LZ4 without the package lz4-napi).
   */
  compress(codec: Codec, bytes: Uint8Array, level: number): Promise<Buffer>
  /**
   * The way back, at most `sizeMax` bytes. Rejects with code ERR_TOO_LARGE beyond them, ERR_DATA on a broken
   * stream, ERR_UNSUPPORTED as above (LZ4 is always read).
   */
  decompress(codec: Codec, bytes: Uint8Array, sizeMax: number): Promise<Buffer>
  /** CRC-32 (IEEE, as zlib) of bytes, unsigned 32 bit. Synchronous: it is on the hot path. */
  crc32(bytes: Uint8Array): number
}

/**
 * Files. Every failure rejects or throws a `DiskError` with the system's code (ENOSPC, EIO, ENOENT, ...).
 * Positions and sizes are bytes, safe integers. Paths are absolute or relative to the process.
 * Calls whose name ends in `Sync` run on the loop and touch the page cache only; `sync` never does.
 */
export interface Disk {
  /** Opens for reading and writing; `create` makes an empty file when there is none. ENOENT otherwise. */
  open(path: string, options?: { readonly create?: boolean; readonly readonly?: boolean }): DiskFile
  /** The whole file, or undefined when it does not exist. `sizeMax` refuses larger files (default 64 MiB). */
  readFile(path: string, sizeMax?: number): Buffer | undefined
  exists(path: string): boolean
  /** Size and mtime (ms since 1970), or undefined when it does not exist. */
  stat(
    path: string,
  ): { readonly size: number; readonly mtimeMs: number; readonly isDirectory: boolean } | undefined
  /** Names in a directory, sorted by code unit; empty when it does not exist. */
  list(path: string): string[]
  /** Makes the directory and its parents; nothing happens when it exists. */
  makeDirectory(path: string): void
  /** Atomic on one file system; replaces `to`. Durable only after `syncDirectory` of both parents. */
  rename(from: string, to: string): void
  /** Removes a file; nothing happens when it does not exist. */
  remove(path: string): void
  /** Removes a directory with all it holds. */
  removeTree(path: string): void
  /** fsync of the directory, on the pool. */
  syncDirectory(path: string): Promise<void>
  /** Space of the file system that holds `path`, in bytes. The system may keep some of it for itself. */
  space(path: string): DiskSpace
  /**
   * Locks the directory against every other process and every other caller in this one, until `release` or
   * the process ends however it ends. Undefined when somebody else holds it.
   */
  acquireLock(directory: string): Promise<DiskLock | undefined>
}

export interface DiskSpace {
  readonly total: number
  /** What this process may still write. */
  readonly free: number
  /** Taken by files. Apache's disk ratio is used / (used + free): reserved blocks count for neither. */
  readonly used: number
}

export interface DiskLock {
  release(): Promise<void>
}

export interface DiskFile {
  readonly path: string
  size(): number
  /** Reads up to `length` bytes at `position` into `into` from `at`; returns how many (0 at the end). */
  readSync(into: Uint8Array, at: number, length: number, position: number): number
  /** As `readSync`, on the pool. `into` belongs to the call until it settles. */
  read(into: Uint8Array, at: number, length: number, position: number): Promise<number>
  /** Writes into the page cache; returns how many bytes were taken (may be short). */
  writeSync(from: Uint8Array, at: number, length: number, position: number): number
  /** As `writeSync`, on the pool. `from` must not change until it settles. */
  write(from: Uint8Array, at: number, length: number, position: number): Promise<number>
  /** fdatasync, on the pool. What was written before the call is durable when it resolves. */
  sync(): Promise<void>
  /** Shortens, or extends with a hole of zeros. */
  truncate(size: number): void
  close(): void
}

/** Sockets. Plain TCP, or TLS where `tls` is given; a listener tells both apart by the first byte. */
export interface Net {
  /** Rejects with the system's code (EADDRINUSE, ...). Port 0 means any free port. */
  listen(options: ListenOptions, onSocket: (socket: Socket) => void): Promise<Listener>
  /** Rejects with the system's code, or ETIMEDOUT after `timeoutMs`. */
  connect(options: ConnectOptions): Promise<Socket>
}

export interface ListenOptions {
  readonly host: string
  readonly port: number
  /** PEM texts. With it TLS is accepted beside plain text; `enforcing` refuses plain text. */
  readonly tls?: {
    readonly key: string
    readonly cert: string
    readonly ca?: string
    readonly enforcing?: boolean
  }
}

export interface ConnectOptions {
  readonly host: string
  readonly port: number
  readonly timeoutMs: number
  readonly tls?: ConnectTls
}

/** How the calling side speaks TLS. PEM texts, not names of files. */
export interface ConnectTls {
  /** Who may sign the certificate of the other side. Default: the authorities that Node trusts. */
  readonly ca?: string
  /** Certificate of this side, where the other one asks for it; `key` is its private key. */
  readonly cert?: string
  readonly key?: string
  /**
   * The name that the certificate of the other side must be for. Default: the host that is connected to;
   * brokers are mostly known by their addresses, which a certificate seldom names.
   */
  readonly servername?: string
  /** False: any certificate will do, as for Java's client without `tls.client.authServer`. Default true. */
  readonly rejectUnauthorized?: boolean
}

export interface Listener {
  readonly host: string
  readonly port: number
  /** Stops accepting; sockets already accepted live on. */
  close(): Promise<void>
}

export interface Socket {
  readonly remoteAddress: string
  readonly remotePort: number
  readonly localAddress: string
  readonly localPort: number
  /** Bytes accepted by `write` that the kernel has not taken yet. */
  readonly bufferedBytes: number
  /**
   * Sets the handlers; reading begins with this call. `data` gets a view into a shared arena that is valid
   * only until it returns. `close` comes exactly once, last, with the error that caused it, if any.
   */
  open(handlers: { data(chunk: Buffer): void; close(error?: Error): void }): void
  /**
   * Queues bytes for sending, in order. `bytes` must not change until `taken` ran (always once, also when
   * the socket closes first). After close it does nothing but run `taken`.
   */
  write(bytes: Uint8Array, taken?: () => void): void
  /** Stops and starts calls of `data`. */
  pause(): void
  resume(): void
  /** Sends what is queued, then closes. */
  end(): void
  /** Closes at once; queued bytes may be lost. */
  destroy(): void
}
