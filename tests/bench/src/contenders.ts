import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { ApacheRocketMQ } from '@rockhopper/interop'

/** A name server and broker that were started just now. */
export interface Started {
  /** Where its store is, if that is known. */
  readonly storeDir?: string
  readonly nameserver: string
  stop(): Promise<void>
}

export interface StartOptions {
  /** Where ours writes how late its event loop was, when it ends. */
  readonly loopDelayFile?: string | undefined
  /** Keys of broker.conf beside the defaults. */
  readonly config?: Readonly<Record<string, string | number | boolean>>
  /** Of Apache's broker; default 512. */
  readonly heapMb?: number
}

/** Under load Apache's broker is given what it needs, not the least it starts with. */
export const APACHE_HEAP_MB = 2_048
/** A Java virtual machine is warmed up so many times as long. */
export const JAVA_WARM_UP = 10 / 3

export interface Contender {
  readonly name: string
  start(options?: StartOptions): Promise<Started>
}

/** `rockhopper server`, one process, on an empty store: the bundle that users install. */
export const rockhopper = rockhopperAt(
  'Rockhopper',
  dirname(createRequire(import.meta.url).resolve('@rockhopper/cli/package.json')),
)

/** The same of another build, by the root of its checkout: what a change gains is measured in one run. */
export const otherBuild = (root: string): Contender => rockhopperAt(root, resolve(root, 'packages/cli'))

function rockhopperAt(name: string, cli: string): Contender {
  let bundle: string | undefined
  const start = (options?: StartOptions) => {
    // A profile tells functions by their modules.
    if (profiling().length > 0) return startServer(join(cli, 'bin', 'rockhopper.js'), options)
    bundle ??= bundled(cli)
    return startServer(bundle, options)
  }
  return { name, start }
}

/** The command of a checkout, bundled anew; of a build from before there were bundles, as it is. */
function bundled(cli: string): string {
  if (!existsSync(join(cli, 'rolldown.config.mjs'))) return join(cli, 'bin', 'rockhopper.js')
  const rolldown = join(cli, 'node_modules', '.bin', 'rolldown')
  const { status, stderr, error } = spawnSync(rolldown, ['-c', 'rolldown.config.mjs'], {
    cwd: cli,
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`The command could not be bundled (npm run build): ${error ?? stderr}`)
  return join(cli, 'bundle', 'rockhopper.js')
}

async function startServer(
  command: string,
  { config = {}, loopDelayFile }: StartOptions = {},
): Promise<Started> {
  const storeDir = mkdtempSync(join(tmpdir(), 'rockhopper-bench-'))
  const ports = ['--nameserver-port', '0', '--broker-port', '0', '--store-dir', storeDir]
  const keys = Object.entries(config).map(([key, value]) => `${key}=${value}`)
  const watching = loopDelayFile === undefined ? [] : ['--import', LOOP_DELAY]
  const args = [...profiling(), ...watching, command, 'server', ...ports, ...keys]
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ROCKHOPPER_BENCH_LOOP_DELAY: loopDelayFile },
  })
  const ended = new Promise<void>((done) => child.once('close', () => done()))
  const nameserver = await new Promise<string>((found, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const address = /^rockhopper ready nameserver=(\S+)/.exec(line)?.[1]
      if (address !== undefined) found(address)
    })
    child.once('close', (code) => reject(new Error(`rockhopper server ended with ${code}`)))
  })
  return {
    nameserver,
    storeDir,
    async stop() {
      child.kill('SIGTERM')
      await ended
      rmSync(storeDir, { recursive: true, force: true })
    },
  }
}

const LOOP_DELAY = fileURLToPath(new URL('../dist/rows/loop-delay.js', import.meta.url))

/** With ROCKHOPPER_BENCH_PROFILE=DIR each broker leaves a CPU profile there when it ends. */
function profiling(): string[] {
  const directory = process.env['ROCKHOPPER_BENCH_PROFILE']
  return directory === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${directory}`]
}

/** Apache's name server (256 MB heap) and broker (512 MB heap), two processes, on an empty store. */
export const apache: Contender = {
  name: 'Apache RocketMQ 5.4.0',
  async start({ config = {}, heapMb = 512 } = {}) {
    const { nameserver, stop, broker } = await ApacheRocketMQ.start({ properties: config, heapMb })
    return { nameserver, stop, storeDir: broker.storeDir }
  },
}
