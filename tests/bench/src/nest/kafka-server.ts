import { spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort, untilAccepting } from './ports.js'

const FOLDER = join(import.meta.dirname, '..', '..')
const COPY = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies'
const HEAP_MB = 512

/** Apache Kafka in KRaft mode, one process, on an empty store; or why there is none. */
export async function startKafka(
  partitions: number,
): Promise<{ readonly address: string; stop(): Promise<void> } | string> {
  const jars = kafkaJars()
  if (jars === undefined) return 'no java or mvn: Kafka comes from Maven Central'
  const folder = mkdtempSync(join(tmpdir(), 'rockhopper-bench-kafka-'))
  const [port, controllerPort] = [await freePort(), await freePort()]
  const file = join(folder, 'server.properties')
  writeFileSync(file, properties({ folder, port, controllerPort, partitions }))
  const java = ['-cp', jars, `-Xmx${HEAP_MB}m`]
  const clusterId = randomBytes(16).toString('base64url')
  const formatted = spawnSync('java', [
    ...java,
    'kafka.tools.StorageTool',
    'format',
    '-t',
    clusterId,
    '-c',
    file,
  ])
  if (formatted.status !== 0) throw new Error(`Kafka's store was not formatted: ${formatted.stderr}`)
  const child = spawn('java', [...java, 'kafka.Kafka', file], { stdio: 'ignore' })
  const ended = new Promise<void>((done) => child.once('close', () => done()))
  await untilAccepting(port, ended)
  return {
    address: `127.0.0.1:${port}`,
    async stop() {
      child.kill('SIGTERM')
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** The class path, fetched once by Maven and kept in `.cache`. */
function kafkaJars(): string | undefined {
  const found = (program: string, flag: string) => spawnSync(program, [flag]).status === 0
  if (!found('java', '-version') || !found('mvn', '-version')) return undefined
  const folder = join(FOLDER, '.cache', 'kafka')
  if (!existsSync(folder)) {
    const partial = `${folder}.partial`
    rmSync(partial, { recursive: true, force: true })
    mkdirSync(partial, { recursive: true })
    const flags = ['-B', '-q', '-ntp', COPY, `-DoutputDirectory=${partial}`]
    const { status, stdout } = spawnSync('mvn', flags, { cwd: join(FOLDER, 'java', 'kafka') })
    if (status !== 0) throw new Error(`Maven did not fetch Kafka: ${stdout}`)
    renameSync(partial, folder)
  }
  return join(folder, '*')
}

interface Settings {
  readonly folder: string
  readonly port: number
  readonly controllerPort: number
  readonly partitions: number
}

const properties = ({ folder, port, controllerPort, partitions }: Settings): string =>
  [
    'process.roles=broker,controller',
    'node.id=1',
    `controller.quorum.voters=1@127.0.0.1:${controllerPort}`,
    `listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    `advertised.listeners=PLAINTEXT://127.0.0.1:${port}`,
    'controller.listener.names=CONTROLLER',
    'listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
    `log.dirs=${join(folder, 'log')}`,
    `num.partitions=${partitions}`,
    'offsets.topic.replication.factor=1',
    'transaction.state.log.replication.factor=1',
    'transaction.state.log.min.isr=1',
    'group.initial.rebalance.delay.ms=0',
    '',
  ].join('\n')
