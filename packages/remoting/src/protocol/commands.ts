import { ADMINISTRATION_COMMANDS } from './commands-administration.js'
import { MEMBERSHIP_COMMANDS } from './commands-membership.js'
import { MESSAGING_COMMANDS } from './commands-messaging.js'
import { NAMESERVER_COMMANDS } from './commands-nameserver.js'
import type { COMMON_REQUEST_FIELDS, CommandRow, Header } from './field.js'

/** Every command this package can encode and decode: one row per request code (remoting.md section 7). */
export const COMMANDS = {
  ...MESSAGING_COMMANDS,
  ...MEMBERSHIP_COMMANDS,
  ...NAMESERVER_COMMANDS,
  ...ADMINISTRATION_COMMANDS,
} as const

export type CommandName = keyof typeof COMMANDS

/** Typed request header of a command, without the prototype of Object. */
export type RequestHeader<N extends CommandName> = Header<(typeof COMMANDS)[N]['request']> &
  Header<typeof COMMON_REQUEST_FIELDS>

/**
 * Typed response header of a command. Required fields are certain only under the codes of the row's
 * `headerOn`.
 */
export type ResponseHeader<N extends CommandName> = Header<(typeof COMMANDS)[N]['response']>

/**
 * Codes that are known by name but have no row: controller, container and ACL 1.0 administration (section
 * 35).
 */
const NAMES_ONLY = {
  UPDATE_AND_CREATE_ACL_CONFIG: 50,
  DELETE_ACL_CONFIG: 51,
  GET_BROKER_CLUSTER_ACL_INFO: 52,
  UPDATE_GLOBAL_WHITE_ADDRS_CONFIG: 53,
  GET_BROKER_CLUSTER_ACL_CONFIG: 54,
  ADD_BROKER: 902,
  REMOVE_BROKER: 903,
  CONTROLLER_ALTER_SYNC_STATE_SET: 1001,
  CONTROLLER_ELECT_MASTER: 1002,
  CONTROLLER_REGISTER_BROKER: 1003,
  CONTROLLER_GET_REPLICA_INFO: 1004,
  CONTROLLER_GET_METADATA_INFO: 1005,
  CONTROLLER_GET_SYNC_STATE_DATA: 1006,
  GET_BROKER_EPOCH_CACHE: 1007,
  NOTIFY_BROKER_ROLE_CHANGED: 1008,
  UPDATE_CONTROLLER_CONFIG: 1009,
  GET_CONTROLLER_CONFIG: 1010,
  CLEAN_BROKER_DATA: 1011,
  CONTROLLER_GET_NEXT_BROKER_ID: 1012,
  CONTROLLER_APPLY_BROKER_ID: 1013,
} as const

type RequestCodes = { readonly [N in CommandName]: (typeof COMMANDS)[N]['code'] } & typeof NAMES_ONLY

/** Request code by name, from the table. */
export const RequestCode = {
  ...Object.fromEntries(Object.entries(COMMANDS).map(([name, row]) => [name, row.code])),
  ...NAMES_ONLY,
} as RequestCodes

const NAME_BY_CODE = new Map<number, CommandName>(
  Object.entries(COMMANDS).map(([name, row]) => [row.code, name as CommandName]),
)

/** Name of the row with this code; undefined for a code without a row. */
export function commandName(code: number): CommandName | undefined {
  return NAME_BY_CODE.get(code)
}

/** The row as the codecs see it: fields by name, no literal types. */
export function commandRow(name: CommandName): CommandRow {
  return COMMANDS[name]
}
