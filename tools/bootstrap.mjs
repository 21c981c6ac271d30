// Sets the workspace up and runs one command in it:
// `node tools/bootstrap.mjs start|example|test|long|bench|build [arguments]`.
// Plain JavaScript for Node 20 without dependencies, because it runs before anything is installed.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chooseNode } from './node-choice.mjs'
import {
  buildFingerprint,
  forgetDeletedSources,
  installFingerprint,
  isCompiled,
  isCurrent,
  pageFingerprint,
  remember,
} from './set-up-stamps.mjs'

const PNPM = 'pnpm@12.21.0'
const root = dirname(dirname(fileURLToPath(import.meta.url)))
const [command = 'build', ...args] = process.argv.slice(2)

/** What each command runs once the workspace is set up; a script is relative to the root. */
const COMMANDS = {
  build: undefined,
  start: { script: 'apps/demo/dist/main.js', args },
  example: { script: `apps/examples/${args[0]}/dist/main.js`, args: args.slice(1) },
  test: { script: 'tools/dist/test/main.js', args },
  long: { script: 'tools/dist/test/main.js', args: ['--long', ...args] },
  bench: { script: 'tests/bench/dist/main.js', args },
}

main()

function main() {
  if (!Object.hasOwn(COMMANDS, command))
    fail(2, `Unknown command '${command}': ${Object.keys(COMMANDS).join(', ')}`)
  if (command === 'example') checkExample()
  const choice = chooseNode({
    platform: process.platform,
    arch: process.arch,
    version: process.versions.node,
    glibc:
      process.platform !== 'linux' || process.report.getReport().header.glibcVersionRuntime !== undefined,
  })
  if (choice.kind === 'none') fail(1, choice.message)
  install()
  const node = choice.kind === 'own' ? process.execPath : packagedNode(choice.name)
  const env = {
    ...process.env,
    // turbo starts pnpm, which is one of the installed packages.
    PATH: [dirname(node), join(root, 'node_modules', '.bin'), process.env.PATH ?? ''].join(delimiter),
    // turbo hashes it: results of one Node are not taken for another's.
    NODE_VERSION: spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim(),
    TURBO_TELEMETRY_DISABLED: '1',
  }
  build(node, env)
  if (command !== 'example') buildPage(node, env)
  const next = COMMANDS[command]
  if (next === undefined) return
  const script = join(root, next.script)
  if (!existsSync(script)) fail(1, `${next.script} is missing after the build`)
  run(node, [script, ...next.args], env)
}

/** Before anything is installed: a name that is not there would only be noticed after that. */
function checkExample() {
  const names = readdirSync(join(root, 'apps', 'examples')).filter((name) => !name.endsWith('.md'))
  if (!names.includes(args[0])) fail(2, `npm run example -- NAME: ${names.sort().join(', ')}`)
}

function install() {
  const fingerprint = installFingerprint(root)
  if (isCurrent(root, 'install', fingerprint)) return
  step('Installing packages (the first time this downloads about 200 MB)', () => {
    const npx = process.platform === 'win32' ? 'npx.cmd' : 'npx'
    const flags = ['install', '--frozen-lockfile', '--reporter=append-only']
    return spawnSync(npx, ['--yes', PNPM, ...flags], {
      cwd: root,
      stdio: ['ignore', 2, 2],
      shell: process.platform === 'win32',
    })
  })
  remember(root, 'install', fingerprint)
}

function packagedNode(name) {
  const node = join(root, 'node_modules', name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
  if (existsSync(node)) return node
  return fail(1, `${node} is missing after the installation. Delete node_modules and run the command again.`)
}

function build(node, env) {
  const before = buildFingerprint(root)
  if (isCurrent(root, 'build', before) && isCompiled(root)) return
  forgetDeletedSources(root)
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  step('Compiling', () => spawnSync(node, [tsc, '-b'], { cwd: root, stdio: ['ignore', 2, 2], env }))
  remember(root, 'build', before)
}

/** The demo's page; the browser test of `npm test` looks at it, too. */
function buildPage(node, env) {
  const folder = join(root, 'apps', 'demo')
  const fingerprint = pageFingerprint(root)
  if (isCurrent(root, 'page', fingerprint) && existsSync(join(folder, 'web', 'dist', 'index.html'))) return
  const vite = join(folder, 'node_modules', 'vite', 'bin', 'vite.js')
  const flags = ['build', '--config', 'web/vite.config.mjs', '--logLevel', 'warn']
  step('Building the page', () =>
    spawnSync(node, [vite, ...flags], { cwd: folder, stdio: ['ignore', 2, 2], env }),
  )
  remember(root, 'page', fingerprint)
}

/** Runs a blocking child and says how long it took; ends the process when the child failed. */
function step(title, runChild) {
  const started = performance.now()
  process.stderr.write(`▸ ${title} …\n`)
  const { status, error } = runChild()
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  if (status !== 0)
    fail(status ?? 1, `✗ ${title}: failed after ${seconds} s${error ? ` (${error.message})` : ''}`)
  process.stderr.write(`  done in ${seconds} s\n`)
}

/**
 * Starts the command and ends with its exit code. Ctrl-C reaches the whole process group, so it is only
 * survived here; a SIGTERM is passed on. The IPC channel lets the child notice when this process was killed.
 */
function run(node, argv, env) {
  const child = spawn(node, argv, { cwd: root, env, stdio: ['inherit', 'inherit', 'inherit', 'ipc'] })
  process.on('SIGINT', () => {})
  process.on('SIGTERM', () => child.kill('SIGTERM'))
  child.on('exit', (code, signal) => process.exit(signal === null ? (code ?? 1) : 1))
}

function fail(code, message) {
  process.stderr.write(`${message}\n`)
  if (command === 'test' || command === 'long') process.stdout.write('0 passed, 1 failed, 0 skipped\n')
  process.exit(code)
}
