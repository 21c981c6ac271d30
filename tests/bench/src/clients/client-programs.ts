import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { built, javaPrograms, run } from '@rockhopper/interop'
import { argumentsOf, type ClientTask } from './client-task.js'

/** A program on some client that sends or consumes as fast as the client allows. */
export interface ClientProgram {
  readonly name: string
  /** Its code is compiled while it runs. */
  readonly isJava: boolean
  /** How to get what it needs, when that is not there. */
  missing(): string | undefined
  /** Program and arguments; the first call builds it. */
  command(task: ClientTask): Promise<readonly string[]>
}

const FOLDER = fileURLToPath(new URL('../..', import.meta.url))
const HEAP_MB = 512
const JAVA_VERSION = '5.4.0'
const GO_VERSION = '2.1.1'

export const OURS = 'Rockhopper client'
export const JAVA = `Apache's Java client ${JAVA_VERSION}`
const GO = `Apache's Go client ${GO_VERSION}`

const ours: ClientProgram = {
  name: OURS,
  isJava: false,
  missing: () => undefined,
  async command(task) {
    return [process.execPath, join(FOLDER, 'dist/clients/our-client-process.js'), ...argumentsOf(task)]
  },
}

const java: ClientProgram = {
  name: JAVA,
  isJava: true,
  missing: () => (runs('java', '-version') && runs('mvn', '-version') ? undefined : 'java and mvn'),
  async command(task) {
    const programs = await javaPrograms(JAVA_VERSION)
    const source = join(FOLDER, 'java/clients/bench/Load.java')
    const compiled = await built('bench-java', [source], (into) =>
      run('javac', ['-nowarn', '-encoding', 'UTF-8', '-d', into, '-cp', programs, source]),
    )
    const flags = [`-Xms${HEAP_MB}m`, `-Xmx${HEAP_MB}m`, '-Dcom.rocketmq.sendMessageWithVIPChannel=false']
    return ['java', ...flags, '-cp', `${compiled}:${programs}`, 'bench.Load', ...argumentsOf(task)]
  },
}

const go: ClientProgram = {
  name: GO,
  isJava: false,
  missing: () => (runs('go', 'version') ? undefined : 'go'),
  async command(task) {
    const project = join(FOLDER, 'go')
    const sources = ['main.go', 'go.mod', 'go.sum'].map((file) => join(project, file))
    const compiled = await built('bench-go', sources, (into) =>
      run('go', ['build', '-o', join(into, 'load'), '.'], { cwd: project }),
    )
    return [join(compiled, 'load'), ...argumentsOf(task)]
  },
}

export const CLIENT_PROGRAMS: readonly ClientProgram[] = [ours, java, go]

const runs = (program: string, flag: string): boolean => spawnSync(program, [flag]).status === 0
