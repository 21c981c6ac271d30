import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createNodeEnv } from '@rockhopper/env'
import { encodeProperties } from '@rockhopper/message'
import { createMessageStore } from '@rockhopper/store'
import { INTEROP_DIR, storePrograms } from './build-cache.js'
import { CUT_SIZES, CUT_TOPIC, type CutVectors, type RecoveredEnds } from './cut-vectors.js'
import { Program } from './program.js'
import { removeTempDirs, tempDir } from './temp.js'

/**
 * Records vectors/store-cuts.json: the last three records of a log, cut at every byte, as Apache's store
 * recovers them.
 *
 *     node tests/interop/dist/record-cuts.js
 */
const RECORD_COUNT = 6
const CUT_RECORDS = 3
const HOST = { address: '127.0.0.1', port: 10911 }

const { log, ends } = await writtenLog()
const cutFrom = ends[RECORD_COUNT - CUT_RECORDS - 1] as number
const end = ends.at(-1) as number
const work = tempDir('cuts')
const classPath = await storePrograms()
const sizes = [
  CUT_SIZES.mappedFileSizeCommitLog,
  CUT_SIZES.mappedFileSizeConsumeQueue,
  CUT_SIZES.maxHashSlotNum,
  CUT_SIZES.maxIndexNum,
]
const recovered: RecoveredEnds[] = []
for (let cut = cutFrom; cut <= end; cut++) {
  const directory = join(work, String(cut))
  mkdirSync(join(directory, 'commitlog'), { recursive: true })
  const bytes = Buffer.alloc(CUT_SIZES.mappedFileSizeCommitLog)
  log.copy(bytes, 0, 0, cut)
  writeFileSync(join(directory, 'commitlog/00000000000000000000'), bytes)
  writeFileSync(join(directory, 'abort'), '')
}
const program = new Program({
  name: 'StoreRecovery',
  command: 'bash',
  args: [
    '-c',
    `for ((i = ${cutFrom}; i <= ${end}; i++)); do echo "${work}/$i ${CUT_TOPIC} 2"; done |
     java -Xmx512m -XX:+UseSerialGC --add-exports=java.base/jdk.internal.ref=ALL-UNNAMED \\
       --add-opens=java.base/java.nio=ALL-UNNAMED --add-opens=java.base/sun.nio.ch=ALL-UNNAMED \\
       -Duser.home=${work} -cp '${classPath}' interop.StoreRecovery ${sizes.join(' ')}`,
  ],
  deadlineMs: 280_000,
})
const lines = (await program.succeeded()).of('loaded')
for (const [index, line] of lines.entries()) {
  if (line['loaded'] !== true) throw new Error(`cut ${cutFrom + index} was not loaded`)
  recovered.push([cutFrom + index, line['maxPhysicalOffset'] as number, line['maxOffsets'] as number[]])
}
if (recovered.length !== end - cutFrom + 1) throw new Error(`${recovered.length} answers`)
const vectors: CutVectors = {
  command: 'node tests/interop/dist/record-cuts.js',
  apache: 'org.apache.rocketmq:rocketmq-store:5.4.0, DefaultMessageStore#load',
  log: log.subarray(0, end).toString('base64'),
  recovered,
}
writeFileSync(join(INTEROP_DIR, 'vectors/store-cuts.json'), `${JSON.stringify(vectors)}\n`)
process.stdout.write(`${recovered.length} cuts from ${cutFrom} to ${end}\n`)
removeTempDirs()

/** A log of our own store, and where each record ends. */
async function writtenLog(): Promise<{ log: Buffer; ends: number[] }> {
  const storePathRootDir = tempDir('cut-source')
  const store = createMessageStore({ env: createNodeEnv(), config: { storePathRootDir, ...CUT_SIZES } })
  await store.start()
  const found: number[] = []
  for (let i = 0; i < RECORD_COUNT; i++) {
    const put = await store.put({
      topic: CUT_TOPIC,
      queueId: i % 2,
      body: Buffer.from(`body ${i} `.repeat(i + 1)),
      properties: encodeProperties({ KEYS: `key-${i}`, TAGS: 'TagA', UNIQ_KEY: `unique-${i}` }),
      flag: 0,
      sysFlag: 0,
      bornTimestamp: Date.now(),
      bornHost: HOST,
      storeHost: HOST,
      reconsumeTimes: 0,
      preparedTransactionOffset: 0,
    })
    if (put.status !== 'PUT_OK') throw new Error(put.status)
    found.push(put.end)
  }
  await store.stop()
  const bytes = readFileSync(join(storePathRootDir, 'commitlog/00000000000000000000'))
  rmSync(storePathRootDir, { recursive: true })
  return { log: bytes, ends: found }
}
