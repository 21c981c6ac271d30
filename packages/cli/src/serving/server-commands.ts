import type { BrokerConfig } from '@rockhopper/broker'
import type { ServerConfig } from '@rockhopper/embedded'
import { type Command, Option } from 'commander'
import type { ExitCode } from '../exit-code.js'
import type { Surroundings } from '../surroundings.js'
import { port } from './arguments.js'
import { brokerConfiguration } from './configuration.js'
import { nameserverConfiguration } from './nameserver-configuration.js'
import { serve } from './serve.js'

/** Called with the exit code of the command that ran. */
export type Finish = (code: ExitCode) => void

interface ServerOptions {
  readonly host?: string
  readonly nameserverPort: number
  readonly brokerPort?: number
  readonly storeDir?: string
  readonly config?: string
  readonly exitWithInput?: boolean
}

interface BrokerOptions {
  readonly namesrvAddr?: string
  readonly host?: string
  readonly port?: number
  readonly storeDir?: string
  readonly config?: string
  readonly exitWithInput?: boolean
}

interface NameserverOptions {
  readonly host?: string
  readonly port?: number
  readonly config?: string
  readonly exitWithInput?: boolean
}

export function addServerCommands(program: Command, around: Surroundings, finish: Finish): void {
  addServer(program, around, finish)
  addNameserver(program, around, finish)
  addBroker(program, around, finish)
}

function addServer(program: Command, around: Surroundings, finish: Finish): void {
  program
    .command('server')
    .description('Start a name server and a broker in one process.')
    .argument('[key=value...]', 'configuration keys of the broker, over those of the file')
    .option('--host <address>', 'address to bind and to tell clients (default: 127.0.0.1)')
    .option('--nameserver-port <port>', 'port of the name server; 0 means any free one', port, 9876)
    .option('--broker-port <port>', 'port of the broker; 0 means any free one (default: 10911)', port)
    .option('--store-dir <directory>', 'where messages are kept (default: store)')
    .option('-c, --config <file>', "broker.conf in Apache's format")
    .addOption(exitWithInput())
    .addHelpText('after', SERVER_EXAMPLES)
    .action(async (words: string[], options: ServerOptions) => {
      const { config, warnings } = brokerConfiguration(around.env, options.config, words)
      const broker = over(config, {
        host: options.host,
        listenPort: options.brokerPort,
        storePathRootDir: options.storeDir,
      })
      const server: ServerConfig = {
        ...hostOf(broker),
        nameserver: { listenPort: options.nameserverPort },
        brokers: [broker],
      }
      finish(await serve(around, { config: server, warnings, stopWithInput: options.exitWithInput === true }))
    })
}

function addNameserver(program: Command, around: Surroundings, finish: Finish): void {
  program
    .command('nameserver')
    .description('Start a name server.')
    .argument('[key=value...]', 'configuration keys of the name server')
    .option('--host <address>', 'address to bind (default: 127.0.0.1)')
    .option('--port <port>', 'port to listen on; 0 means any free one (default: 9876)', port)
    .option('-c, --config <file>', "namesrv.conf in Apache's format")
    .addOption(exitWithInput())
    .addHelpText('after', NAMESERVER_EXAMPLES)
    .action(async (words: string[], options: NameserverOptions) => {
      const { config, warnings } = nameserverConfiguration(around.env, options.config, words)
      const nameserver = over(config, { host: options.host, listenPort: options.port })
      const server: ServerConfig = { ...hostOf(nameserver), nameserver, brokers: [] }
      finish(await serve(around, { config: server, warnings, stopWithInput: options.exitWithInput === true }))
    })
}

function addBroker(program: Command, around: Surroundings, finish: Finish): void {
  program
    .command('broker')
    .description('Start a broker and register it at name servers.')
    .argument('[key=value...]', 'configuration keys of the broker, over those of the file')
    .option(
      '-n, --namesrvAddr <addresses>',
      'HOST:PORT of the name servers, separated by ; (or NAMESRV_ADDR)',
    )
    .option('--host <address>', 'address to bind and to tell clients (default: 127.0.0.1)')
    .option('--port <port>', 'port to listen on; 0 means any free one (default: 10911)', port)
    .option('--store-dir <directory>', 'where messages are kept (default: store)')
    .option('-c, --config <file>', "broker.conf in Apache's format")
    .addOption(exitWithInput())
    .addHelpText('after', BROKER_EXAMPLES)
    .action(async (words: string[], options: BrokerOptions) => {
      const { config, warnings } = brokerConfiguration(around.env, options.config, words)
      const broker = over<Partial<BrokerConfig>>(
        { namesrvAddr: around.variables['NAMESRV_ADDR'] ?? '', ...config },
        {
          namesrvAddr: options.namesrvAddr,
          host: options.host,
          listenPort: options.port,
          storePathRootDir: options.storeDir,
        },
      )
      const server: ServerConfig = { ...hostOf(broker), brokers: [broker] }
      const unregistered = broker.namesrvAddr === '' ? [NO_NAME_SERVER] : []
      finish(
        await serve(around, {
          config: server,
          warnings: [...warnings, ...unregistered],
          stopWithInput: options.exitWithInput === true,
        }),
      )
    })
}

const NO_NAME_SERVER = 'No name server given: clients will not find this broker. Add -n HOST:PORT.'

const SERVER_EXAMPLES = `
Examples:
  rockhopper server
  rockhopper server --store-dir /var/lib/rockhopper --nameserver-port 0 --broker-port 0
  rockhopper server -c broker.conf autoCreateTopicEnable=false`

const NAMESERVER_EXAMPLES = `
Examples:
  rockhopper nameserver
  rockhopper nameserver --host 192.168.1.10 --port 9876`

const BROKER_EXAMPLES = `
Examples:
  rockhopper broker -n 127.0.0.1:9876 autoCreateTopicEnable=true
  rockhopper broker -n '10.0.0.1:9876;10.0.0.2:9876' -c broker.conf --store-dir /data/a brokerName=a`

function exitWithInput(): Option {
  return new Option('--exit-with-input', 'stop when standard input ends').hideHelp()
}

/** Named options that were given, over what file and words say. */
function over<C extends object>(config: C, options: { readonly [K in keyof C]?: C[K] | undefined }): C {
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  return { ...config, ...Object.fromEntries(given) }
}

function hostOf({ host }: { readonly host?: string }): { host?: string } {
  return host === undefined ? {} : { host }
}
