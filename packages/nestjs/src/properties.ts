import { Property, RESERVED_PROPERTIES } from '@rockhopper/message'

/** Property of a reply: what its body is. Absent in replies of other clients, whose body is the value. */
export const REPLY_KIND = 'rockhopper-reply'

/** `value`: the last value. `empty`: the handler gave none. `error`: RemoteErrorFields. */
export type ReplyKind = 'value' | 'empty' | 'error'

/** The properties an application set: all but those the protocol uses itself. */
export function userProperties(properties: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(properties).filter(([name]) => !RESERVED_PROPERTIES.has(name)))
}

/**
 * Whether somebody waits for an answer to a message with these properties (Apache: RequestResponseFuture).
 */
export function wantsReply(properties: Readonly<Record<string, string>>): boolean {
  return (
    properties[Property.CORRELATION_ID] !== undefined && properties[Property.REPLY_TO_CLIENT] !== undefined
  )
}
