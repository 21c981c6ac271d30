import type { ClientOptions } from '@rockhopper/client'
import { type Command, Option } from 'commander'
import { UsageError } from '../exit-code.js'
import type { Surroundings } from '../surroundings.js'

/** Where a command asks, who asks, and how it is spoken: for every command that is a client. */
export interface AccessOptions {
  readonly namesrvAddr?: string
  readonly tls?: boolean
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  readonly servername?: string
  readonly insecure?: boolean
  readonly accessKey?: string
  readonly secretKey?: string
}

const PEM_SIZE_MAX = 1024 * 1024

export function addAccessOptions(command: Command): Command {
  return command
    .option(
      '-n, --namesrvAddr <addresses>',
      'HOST:PORT of the name servers, separated by ; (or NAMESRV_ADDR)',
    )
    .option('--tls', 'speak TLS (or ROCKETMQ_TLS=true); said by the next five, too')
    .option('--ca <file>', 'PEM of who may sign the certificates of servers (default: whom Node trusts)')
    .option('--cert <file>', 'PEM of a certificate of this side, where servers ask for it')
    .option('--key <file>', 'PEM of its private key')
    .option('--servername <name>', 'name in the certificates of servers (or ROCKETMQ_TLS_SERVERNAME)')
    .option('--insecure', "take any certificate of a server, as Java's clients do")
    .option('--access-key <key>', 'sign requests, for a cluster with ACL (or ROCKETMQ_ACCESS_KEY)')
    .addOption(
      new Option('--secret-key <secret>', 'its secret; others on this machine see it: ROCKETMQ_SECRET_KEY'),
    )
}

/** Options of the client. @throws UsageError where one lacks its partner, or a file is not there. */
export function accessOf(
  around: Pick<Surroundings, 'env' | 'variables'>,
  options: AccessOptions,
): Pick<ClientOptions, 'tls' | 'acl'> {
  const { variables } = around
  const accessKey = options.accessKey ?? given(variables['ROCKETMQ_ACCESS_KEY'])
  const secretKey = options.secretKey ?? given(variables['ROCKETMQ_SECRET_KEY'])
  if ((accessKey === undefined) !== (secretKey === undefined))
    throw new UsageError('--access-key and ROCKETMQ_SECRET_KEY (or --secret-key) belong together.')
  const tls = tlsOf(around, options)
  return {
    ...(tls === undefined ? {} : { tls }),
    ...(accessKey === undefined || secretKey === undefined ? {} : { acl: { accessKey, secretKey } }),
  }
}

function tlsOf(
  { env, variables }: Pick<Surroundings, 'env' | 'variables'>,
  options: AccessOptions,
): ClientOptions['tls'] {
  const { ca, cert, key, insecure } = options
  const isAsked = options.tls === true || variables['ROCKETMQ_TLS'] === 'true'
  const own = [ca, cert, key, options.servername].some((one) => one !== undefined) || insecure === true
  if (!isAsked && !own) return undefined
  if ((cert === undefined) !== (key === undefined))
    throw new UsageError('--cert and --key, its private key, belong together.')
  const pem = (name: string, path: string | undefined) => {
    if (path === undefined) return {}
    const bytes = env.disk.readFile(path, PEM_SIZE_MAX)
    if (bytes === undefined) throw new UsageError(`There is no file '${path}'. Check the path of --${name}.`)
    return { [name]: bytes.toString() }
  }
  const servername = options.servername ?? given(variables['ROCKETMQ_TLS_SERVERNAME'])
  return {
    ...pem('ca', ca),
    ...pem('cert', cert),
    ...pem('key', key),
    ...(servername === undefined ? {} : { servername }),
    ...(insecure === true ? { rejectUnauthorized: false } : {}),
  }
}

/** An empty variable is none. */
const given = (text: string | undefined): string | undefined => (text === '' ? undefined : text)

/** What the client says about its options, in the words of the command line: `tls.cert` is `--cert`. */
export const inOptions = (message: string): string =>
  message.replace(/\btls\.(ca|cert|key|servername)\b/g, '--$1').replace('leave tls out', 'leave --tls out')
