import { Property, RESERVED_PROPERTIES } from '@rockhopper/message'

/** Property of a reply: what its body is. Absent in replies of other clients, whose body is the value. */
export const REPLY_KIND = 'rockhopper-reply'

/**
 * `next`: a value, and more replies follow. `value`: the last value. `empty`: no value, or none after those
 * that came. `error`: RemoteErrorFields.
 */
export type ReplyKind = 'next' | 'value' | 'empty' | 'error'

/** Property of a request: who asks takes a reply for each value of a stream, not only for the last one. */
export const TAKES_STREAM = 'rockhopper-stream'

/** Property of the replies to such a request: their number, from 0. */
export const REPLY_SEQUENCE = 'rockhopper-reply-sequence'

/** The properties an application set: all but those the protocol uses itself. */
export function userProperties(properties: Readonly<Record<string, string>>): Record<string, string> {
  const isOurs = (name: string) => RESERVED_PROPERTIES.has(name) || name === TAKES_STREAM
  return Object.fromEntries(Object.entries(properties).filter(([name]) => !isOurs(name)))
}

/**
 * Whether somebody waits for an answer to a message with these properties (Apache: RequestResponseFuture).
 */
export function wantsReply(properties: Readonly<Record<string, string>>): boolean {
  return (
    properties[Property.CORRELATION_ID] !== undefined && properties[Property.REPLY_TO_CLIENT] !== undefined
  )
}
