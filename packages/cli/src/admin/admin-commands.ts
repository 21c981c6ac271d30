import { Admin } from '@rockhopper/client'
import type { Command } from 'commander'
import { UsageError } from '../exit-code.js'
import type { Surroundings } from '../surroundings.js'
import { type AccessOptions, accessOf, addAccessOptions } from './access-options.js'
import type { AdminCommand, AdminOptions } from './admin-command.js'
import { CLUSTER_COMMANDS } from './cluster-commands.js'
import { GROUP_COMMANDS } from './group-commands.js'
import { TOPIC_COMMANDS } from './topic-commands.js'

const ADMIN_COMMANDS: readonly AdminCommand[] = [...TOPIC_COMMANDS, ...GROUP_COMMANDS, ...CLUSTER_COMMANDS]

export function addAdminCommands(program: Command, around: Surroundings): void {
  for (const row of ADMIN_COMMANDS) addAdminCommand(program, around, row)
}

function addAdminCommand(program: Command, around: Surroundings, row: AdminCommand): void {
  const command = addAccessOptions(program.command(row.name).description(row.description))
    .option('--json', 'print data for programs')
    .addHelpText('after', `\nExample:\n  rockhopper ${row.example} -n 127.0.0.1:9876`)
  for (const { flags, description, required } of row.options) {
    if (required === true) command.requiredOption(flags, description)
    else command.option(flags, description)
  }
  command.action(async (given: AccessOptions & { readonly json?: unknown }) => {
    const options = given as unknown as AdminOptions
    const { json, text } = await withAdmin(around, given, row.example, (admin) => row.run(admin, options))
    around.out(given.json === true ? `${JSON.stringify(json, null, 2)}\n` : text)
  })
}

/** Asks the name servers of the options, or else of NAMESRV_ADDR. `example` is for who gave neither. */
export async function withAdmin<T>(
  around: Surroundings,
  options: AccessOptions,
  example: string,
  work: (admin: Admin) => Promise<T>,
): Promise<T> {
  const namesrvAddr = options.namesrvAddr ?? around.variables['NAMESRV_ADDR']
  if (namesrvAddr === undefined || namesrvAddr === '') {
    throw new UsageError(`Say which name server to ask: rockhopper ${example} -n 127.0.0.1:9876`)
  }
  const admin = new Admin({ namesrvAddr, env: around.env, ...accessOf(around, options) })
  await admin.start()
  try {
    return await work(admin)
  } finally {
    await admin.shutdown()
  }
}
