import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { compileSql92 } from '@rockhopper/message'
import { INTEROP_DIR } from './build-cache.js'
import { casesSha256, type Sql92Answers, type Sql92Case, sql92Corpus } from './sql92-corpus.js'

const vectors = JSON.parse(
  readFileSync(join(INTEROP_DIR, 'vectors/sql92-answers.json'), 'utf8'),
) as Sql92Answers
const cases = sql92Corpus(vectors.seed, vectors.answers.length)

function answered({ expression, properties }: Sql92Case): string {
  const compiled = compileSql92(expression)
  if (!compiled.ok) return 'R'
  const answer = compiled.filter.answer((name) =>
    Object.hasOwn(properties, name) ? properties[name] : undefined,
  )
  if (answer === null) return 'N'
  return answer === 'failed' ? 'X' : answer ? 'T' : 'F'
}

test('thousands of random expressions on random properties: our filter answers what Apache answered', () => {
  expect(casesSha256(cases)).toBe(vectors.casesSha256)
  const differing = cases.flatMap((each, index) => {
    const [apache, ours] = [vectors.answers[index], answered(each)]
    return apache === ours ? [] : [{ ...each, apache, ours }]
  })
  expect(differing).toEqual([])
  expect(cases.length).toBeGreaterThanOrEqual(5_000)
})

test('the answers are of every kind, and some hundred expressions are refused', () => {
  for (const kind of 'TFNXR') expect(vectors.answers.split(kind).length).toBeGreaterThan(300)
})
