import { consume } from './consume.js'
import { emit } from './lines.js'
import { litePull } from './lite-pull.js'
import { type Options, parseOptions } from './options.js'
import { pop } from './pop.js'
import { produce } from './produce.js'
import { reply, request } from './request-reply.js'
import { zones } from './zones.js'

// Our client behind the same command line and JSON lines as the Java and Go programs, so that the same
// scenarios run with it:
//     node dist/our-client/main.js produce|consume|request|reply|lite-pull|pop|zones --name value ...

const COMMANDS: Readonly<Record<string, (options: Options) => Promise<number | void>>> = {
  produce,
  consume,
  request,
  reply,
  'lite-pull': litePull,
  pop,
  zones,
}

const command = COMMANDS[process.argv[2] ?? '']
if (command === undefined) {
  process.stderr.write('usage: main.js produce|consume|request|reply|lite-pull|pop|zones --name value ...\n')
  process.exit(2)
}
try {
  const code = await command(parseOptions(process.argv.slice(3)))
  process.exitCode = code ?? 0
  process.stdin.destroy()
} catch (error) {
  emit({ event: 'error', message: String(error) })
  console.error(error)
  process.exit(1)
}
