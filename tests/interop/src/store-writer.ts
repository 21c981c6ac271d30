import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { storePrograms } from './build-cache.js'
import { Program } from './program.js'
import { tempDir } from './temp.js'

/** Sizes of a store with many small files; both sides must have the same. */
export interface GoldenSizes {
  readonly mappedFileSizeCommitLog: number
  readonly mappedFileSizeConsumeQueue: number
  readonly maxHashSlotNum: number
  readonly maxIndexNum: number
}

/** What Apache's DefaultMessageStore needs opened on Java 9 and later. */
const JVM = [
  '-Xmx512m',
  '-XX:+UseSerialGC',
  '--add-exports=java.base/jdk.internal.ref=ALL-UNNAMED',
  '--add-opens=java.base/java.nio=ALL-UNNAMED',
  '--add-opens=java.base/sun.nio.ch=ALL-UNNAMED',
]

/** A program of java/store. */
export async function storeProgram(mainClass: string, args: readonly string[]): Promise<Program> {
  const home = tempDir('store-program')
  const logback = join(home, 'logback.xml')
  writeFileSync(logback, '<configuration><root level="OFF"/></configuration>\n')
  return new Program({
    name: mainClass,
    command: 'java',
    args: [
      ...JVM,
      `-Duser.home=${home}`,
      `-Drmq.logback.configurationFile=${logback}`,
      `-Djava.io.tmpdir=${home}`,
      '-cp',
      await storePrograms(),
      `interop.${mainClass}`,
      ...args,
    ],
    env: { ...process.env, ROCKETMQ_HOME: home },
    deadlineMs: 280_000,
  })
}

/** Apache's store writes `count` puts of all kinds into a directory (StoreWrite.java); where its log ends. */
export async function writtenByApache(directory: string, count: number, sizes: GoldenSizes): Promise<number> {
  const { mappedFileSizeCommitLog, mappedFileSizeConsumeQueue, maxHashSlotNum, maxIndexNum } = sizes
  const numbers = [count, mappedFileSizeCommitLog, mappedFileSizeConsumeQueue, maxHashSlotNum, maxIndexNum]
  const program = await storeProgram('StoreWrite', [directory, ...numbers.map(String)])
  const [line] = (await program.succeeded()).of('written')
  return Number(line?.['end'])
}
