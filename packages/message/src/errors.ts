/**
 * Every error that leaves a Rockhopper library, one row each: what it means, and what to do next.
 * docs and messages come from here.
 */
export const ERRORS = {
  TOPIC_ILLEGAL: row('The topic name is not allowed.', 'Use 1 to 127 letters, digits, _, -, % or |.'),
  GROUP_ILLEGAL: row('The group name is not allowed.', 'Use 1 to 120 letters, digits, _, -, % or |.'),
  PROPERTY_RESERVED: row(
    'RocketMQ uses this property name itself.',
    'Choose another name for your property.',
  ),
  PROPERTY_ILLEGAL: row(
    'A property is blank or holds U+0001 or U+0002.',
    'Give it a name and a value without these separators.',
  ),
  KEY_ILLEGAL: row(
    'A message key is blank or holds a space.',
    'Keys are joined by spaces: give several in the list.',
  ),
  PROPERTIES_TOO_LARGE: row(
    'The properties take more than 32,767 bytes.',
    'Move large values into the body.',
  ),
  MESSAGE_TOO_LARGE: row(
    'The body is larger than the broker takes (4 MiB).',
    'Send a reference to the data instead.',
  ),
  MESSAGE_ILLEGAL: row('The message cannot be sent as it is.', 'Correct what the error names.'),
  SUBSCRIPTION_ILLEGAL: row(
    'The subscription expression cannot be read.',
    "Use '*' or tags joined by ||; correct an SQL92 expression where the error says.",
  ),
  ADDRESS_ILLEGAL: row(
    'The address is not HOST:PORT.',
    'Write it as 127.0.0.1:9876; separate several by a semicolon.',
  ),
  ARGUMENT_ILLEGAL: row('An option or argument is out of its range.', 'Correct what the error names.'),
  BODY_ILLEGAL: row(
    'Bytes from the other side cannot be read.',
    'Check that both sides speak RocketMQ remoting.',
  ),
  COMPRESSION_UNSUPPORTED: row(
    'The body is compressed in a way this process cannot undo.',
    'Use ZLIB at the producer, or a Node version that has the codec.',
  ),
  CONNECT_FAILED: row('No connection could be made.', 'Check that the address is right and the server runs.'),
  CONNECTION_CLOSED: row(
    'The connection closed before the answer came.',
    'Retry; the outcome of the call is unknown.',
  ),
  REQUEST_TIMEOUT: row(
    'No answer came in time.',
    'Retry or raise the timeout; the outcome of the call is unknown.',
  ),
  REQUEST_ABORTED: row('The caller gave the call up.', 'Nothing to do: the signal was aborted.'),
  TOO_MANY_REQUESTS: row('Too many requests are waiting.', 'Send fewer at once, or raise the limit.'),
  FRAME_TOO_LARGE: row(
    'A frame is larger than the limit.',
    'Send less at once, or raise the limit on both sides.',
  ),
  FRAME_ILLEGAL: row(
    'A frame is broken.',
    'Check that the other side speaks RocketMQ remoting on this port.',
  ),
  RESPONSE_REFUSED: row('The server refused the request.', 'See the response code and its remark.'),
  ROUTE_NOT_FOUND: row(
    'No broker serves this topic.',
    'Create the topic, or check that the broker is registered at this name server.',
  ),
  NAME_SERVER_UNREACHABLE: row(
    'No name server answered.',
    'Start one with `rockhopper server`, or correct namesrvAddr.',
  ),
  BROKER_NOT_FOUND: row('The name server knows no such broker.', 'Check `rockhopper clusterList`.'),
  CONSUMER_NOT_FOUND: row(
    'No broker knows such a member of the group.',
    'Check group and client id; the member must be running.',
  ),
  QUEUE_NOT_FOUND: row(
    'The topic has no queue that can be used.',
    'Check the permission of the topic with topicRoute.',
  ),
  SEND_FAILED: row(
    'The message was not accepted by any broker.',
    'See the cause; the message may be sent again.',
  ),
  REPLY_TIMEOUT: row(
    'The request was sent, but no reply came in time.',
    'Check that a consumer of the topic replies.',
  ),
  REPLY_FAILED: row(
    'The reply could not be brought to who asked.',
    'The asking client may be gone; nothing to do.',
  ),
  MESSAGE_NOT_FOUND: row('There is no such message.', 'It may have been removed by retention; check the id.'),
  NOT_STARTED: row('This object was not started.', 'Await start() first.'),
  ALREADY_STARTED: row('This object was started before.', 'Start it once; make a new one after shutdown().'),
  CLOSED: row('This object was shut down.', 'Make a new one.'),
  START_FAILED: row('The server could not start.', 'See the cause.'),
  PORT_IN_USE: row(
    'Another process listens on this port.',
    'Choose another port, or port 0 for any free one.',
  ),
  LISTEN_FAILED: row('The address cannot be listened on.', 'Choose an address of this machine.'),
  REGISTER_FAILED: row(
    'The broker could not register at a name server.',
    'Check namesrvAddr and that it runs.',
  ),
  CONFIG_KEY_UNKNOWN: row('There is no such configuration key.', 'Correct its spelling.'),
  CONFIG_VALUE_ILLEGAL: row('A configuration value cannot be used.', 'Correct what the error names.'),
  CONFIG_UNREADABLE: row('A configuration file cannot be read.', 'Repair it, or restore its .bak beside it.'),
  STORE_NOT_FOUND: row(
    'There is no store in this directory.',
    "Give a broker's storePathRootDir: the directory that holds commitlog.",
  ),
  STORE_LOCKED: row('Another broker uses this store directory.', 'Stop it, or choose another directory.'),
  STORE_CORRUPT: row(
    'The store holds bytes that cannot be explained.',
    'Keep a copy of the directory; see the cause.',
  ),
  STORE_FILE_SIZE: row(
    'A store file does not have the configured size.',
    'Set the sizes the store was made with.',
  ),
  STORE_FAILED: row(
    'The disk failed; the store takes no more writes.',
    'Repair the disk or its rights, then restart the broker.',
  ),
  STORE_CLOSED: row('The store is not open.', 'Start the broker first.'),
  DISK_FULL: row('The disk is full.', 'Free space; the broker goes on by itself.'),
  DISK_FAILED: row('A file operation failed.', 'See the cause.'),
} as const

export type ErrorCode = keyof typeof ERRORS

/** One row of the error table. */
export interface ErrorRow {
  /** What the code says, as a sentence. */
  readonly meaning: string
  /** The next step, as a sentence. */
  readonly remedy: string
}

export interface MqErrorOptions {
  /** The error that led to this one. */
  readonly cause?: unknown
  /** Response code of the remoting protocol (remoting.md section 8), when a server answered. */
  readonly responseCode?: number
}

/**
 * The only error Rockhopper's libraries throw for the world's failures. Switch on `code`; `message` says
 * what was attempted and what to do next.
 */
export class MqError extends Error {
  override readonly name = 'MqError'
  readonly code: ErrorCode
  /** Response code of the remoting protocol, when a server answered. */
  readonly responseCode: number | undefined

  /** `attempted` says in one sentence or clause what was being done, with the names and values involved. */
  constructor(code: ErrorCode, attempted: string, options: MqErrorOptions = {}) {
    const { meaning, remedy } = ERRORS[code]
    const said = attempted === '' ? meaning : `${attempted}${/[.!?]$/.test(attempted) ? '' : '.'} ${meaning}`
    super(`${said} ${remedy}`, 'cause' in options ? { cause: options.cause } : undefined)
    this.code = code
    this.responseCode = options.responseCode
  }

  /** The next step, as a sentence. */
  get remedy(): string {
    return ERRORS[this.code].remedy
  }
}

export const isMqError = (error: unknown, code?: ErrorCode): error is MqError =>
  error instanceof MqError && (code === undefined || error.code === code)

function row(meaning: string, remedy: string): ErrorRow {
  return { meaning, remedy }
}
