import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { BUGS } from '../../tests/chaos/src/bugs.fixture.js'
import { dieAt, NOTED_BEFORE_STORED, STEP_NAMES } from '../../tests/chaos/src/transactions/steps.fixture.js'
import { MUTATIONS } from '../../tests/store/src/mutations.fixture.js'
import { repositoryRoot } from './workspace.js'

const all = [
  ...Object.values(BUGS).flat(),
  ...STEP_NAMES.flatMap(dieAt),
  ...NOTED_BEFORE_STORED,
  ...MUTATIONS.flatMap(([, , bugs]) => bugs),
]

// The suites that plant them take minutes; that a change of the product moved the place shows here at once.
test.each(all.map(({ file, find }) => [file, find]))('%s has one place for the bug at %j', (file, find) => {
  const [found, ...more] = globSync(
    ['packages', 'apps/*'].map((folder) => join(repositoryRoot, folder, file)),
  )
  expect(more).toEqual([])
  expect(readFileSync(found ?? '', 'utf8').split(find)).toHaveLength(2)
})
