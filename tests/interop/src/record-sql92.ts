import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { INTEROP_DIR, storePrograms } from './build-cache.js'
import { Program } from './program.js'
import {
  CORPUS_COUNT,
  CORPUS_SEED,
  caseLine,
  casesSha256,
  type Sql92Answers,
  sql92Corpus,
} from './sql92-corpus.js'
import { removeTempDirs, tempDir } from './temp.js'

/**
 * Records vectors/sql92-answers.json: what Apache's filter module answers to the expressions of the corpus.
 *
 *     node tests/interop/dist/record-sql92.js
 */
const cases = sql92Corpus(CORPUS_SEED, CORPUS_COUNT)
const input = join(tempDir('sql92'), 'cases')
writeFileSync(input, `${cases.map(caseLine).join('\n')}\n`)
const program = new Program({
  name: 'FilterAnswers',
  command: 'bash',
  args: [
    '-c',
    `java -Xmx256m -XX:+UseSerialGC -cp '${await storePrograms()}' interop.FilterAnswers < ${input}`,
  ],
})
const answers = (await program.succeeded()).of('answers')[0]?.['answers'] as string
if (answers.length !== cases.length || answers.includes('?'))
  throw new Error(`not one answer each: ${answers}`)
const vectors: Sql92Answers = {
  command: 'node tests/interop/dist/record-sql92.js',
  apache: 'org.apache.rocketmq:rocketmq-filter:5.4.0, FilterFactory.get("SQL92").compile and evaluate',
  seed: CORPUS_SEED,
  casesSha256: casesSha256(cases),
  answers,
}
writeFileSync(join(INTEROP_DIR, 'vectors/sql92-answers.json'), `${JSON.stringify(vectors, null, 2)}\n`)
const counts = [...'TFNXR'].map((kind) => `${kind} ${answers.split(kind).length - 1}`)
process.stdout.write(`${cases.length} answers: ${counts.join(', ')}\n`)
removeTempDirs()
