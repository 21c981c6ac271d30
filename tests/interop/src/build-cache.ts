import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { run } from './run.js'

/** tests/interop, from src as well as from dist. */
export const INTEROP_DIR = join(dirname(fileURLToPath(import.meta.url)), '..')
const CACHE_DIR = join(INTEROP_DIR, '.cache')
const LOCK_POLL_MS = 250

/**
 * A directory that `build` filled from exactly these source files. It is built once and found again under the
 * hash of the sources; processes that want it at the same time wait for the first one. A build that failed
 * leaves nothing.
 */
export async function built(
  name: string,
  sources: readonly string[],
  build: (directory: string) => Promise<void>,
): Promise<string> {
  const directory = join(CACHE_DIR, `${name}-${sourceHash(sources)}`)
  if (existsSync(directory)) return directory
  mkdirSync(CACHE_DIR, { recursive: true })
  const release = await lock(`${directory}.lock`)
  try {
    if (existsSync(directory)) return directory
    const partial = `${directory}.partial`
    rmSync(partial, { recursive: true, force: true })
    mkdirSync(partial)
    await shown(name, () => build(partial))
    renameSync(partial, directory)
    return directory
  } finally {
    release()
  }
}

/** The Java programs, compiled against one version of Apache's client: classes and the jars they need. */
export async function javaPrograms(clientVersion: string): Promise<string> {
  const project = join(INTEROP_DIR, 'java/programs')
  const directory = await maven(`java-${clientVersion}`, project, [
    `-Drocketmq.version=${clientVersion}`,
    'compile',
    'dependency:copy-dependencies',
  ])
  return `${join(directory, 'classes')}:${join(directory, 'lib/*')}`
}

/** The Java programs for what only clients from 5.0 on can do, beside those of `javaPrograms`. */
export async function javaFeatures(): Promise<string> {
  const programs = await javaPrograms('5.4.0')
  const sources = filesIn(join(INTEROP_DIR, 'java/features'))
  const directory = await built(
    'java-features',
    [...filesIn(join(INTEROP_DIR, 'java/programs')), ...sources],
    (into) => run('javac', ['-nowarn', '-encoding', 'UTF-8', '-d', into, '-cp', programs, ...sources]),
  )
  return `${directory}:${programs}`
}

/** The Spring Boot application on rocketmq-spring-boot-starter. */
export async function springApplication(): Promise<string> {
  const project = join(INTEROP_DIR, 'java/spring')
  const directory = await maven('spring', project, ['compile', 'dependency:copy-dependencies'])
  return `${join(directory, 'classes')}:${join(directory, 'lib/*')}`
}

/** Our programs on Apache's own store, compiled, and the jars they need. */
export async function storePrograms(): Promise<string> {
  const project = join(INTEROP_DIR, 'java/store')
  const directory = await maven('store', project, ['compile', 'dependency:copy-dependencies'])
  return `${join(directory, 'classes')}:${join(directory, 'lib/*')}`
}

/** Apache's name server, broker and mqadmin. */
export async function apacheServer(): Promise<string> {
  const directory = await maven('apache-server', join(INTEROP_DIR, 'java/server'), [
    'dependency:copy-dependencies',
  ])
  return join(directory, 'lib/*')
}

/** The Go program; its path. */
export async function goProgram(): Promise<string> {
  const project = join(INTEROP_DIR, 'go')
  const directory = await built('go', filesIn(project), (into) =>
    run('go', ['build', '-o', join(into, 'interop'), '.'], { cwd: project }),
  )
  return join(directory, 'interop')
}

function maven(name: string, project: string, parameters: readonly string[]): Promise<string> {
  return built(name, filesIn(project), (into) =>
    run(
      'mvn',
      [
        '-B',
        '-q',
        '-ntp',
        `-Dinterop.build=${into}`,
        `-DoutputDirectory=${join(into, 'lib')}`,
        ...parameters,
      ],
      {
        cwd: project,
      },
    ),
  )
}

function filesIn(directory: string): string[] {
  const entries = readdirSync(directory, { recursive: true, encoding: 'utf8' })
  return entries
    .map((entry) => join(directory, entry))
    .filter((path) => statSync(path).isFile())
    .sort()
}

function sourceHash(sources: readonly string[]): string {
  const hash = createHash('sha256')
  for (const source of sources) {
    hash
      .update(`${relative(INTEROP_DIR, source)}\0`)
      .update(readFileSync(source))
      .update('\0')
  }
  return hash.digest('hex').slice(0, 16)
}

/** A lock file names its owner, so that what a killed run left behind does not block the next one. */
async function lock(path: string): Promise<() => void> {
  for (;;) {
    try {
      writeFileSync(path, String(process.pid), { flag: 'wx' })
      return () => rmSync(path, { force: true })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    if (!ownerLives(path)) rmSync(path, { force: true })
    else await sleep(LOCK_POLL_MS)
  }
}

function ownerLives(path: string): boolean {
  try {
    const pid = Number(readFileSync(path, 'utf8'))
    // An empty file belongs to a process between creating and writing it.
    if (pid === 0) return true
    process.kill(pid, 0)
    return true
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT' || code === 'ESRCH') return false
    if (code === 'EPERM') return true
    throw error
  }
}

async function shown(name: string, build: () => Promise<void>): Promise<void> {
  const startedAt = performance.now()
  process.stderr.write(`interop: building ${name}, once; it is kept in tests/interop/.cache\n`)
  await build()
  process.stderr.write(`interop: built ${name} in ${((performance.now() - startedAt) / 1000).toFixed(1)} s\n`)
}
