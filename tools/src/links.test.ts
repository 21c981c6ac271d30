import { execFileSync } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from '@jest/globals'
import { repositoryRoot } from './workspace.js'

const LINK = /\]\((?!https?:|mailto:|#)([^)#\s]+)(?:#[^)\s]*)?\)/g

test('every relative link in the documents leads to a file of the repository', () => {
  const files = execFileSync('git', ['ls-files', '*.md'], { cwd: repositoryRoot, encoding: 'utf8' })
  const broken = files
    .split('\n')
    .filter((file) => file !== '')
    .flatMap((file) =>
      [...readFileSync(join(repositoryRoot, file), 'utf8').matchAll(LINK)]
        .map(([, target = '']) => target)
        .filter((target) => !existsSync(join(repositoryRoot, dirname(file), target)))
        .map((target) => `${file}: ${target}`),
    )
  expect(broken).toEqual([])
})

/** `order/src/saga.ts`, and `src/{a,b}.ts`. */
const SOURCE = /`([a-z0-9./{},-]+\.tsx?)`/g

test('every source file that a README of apps names is there', () => {
  const missing = globSync('apps/*/README.md', { cwd: repositoryRoot }).flatMap((file) => {
    const text = readFileSync(join(repositoryRoot, file), 'utf8')
    const folder = dirname(file)
    const places = ['.', folder, `${folder}/src`, `${folder}/*/src`]
    return [...text.matchAll(SOURCE)]
      .map(([, name = '']) => name)
      .filter(
        (name) =>
          globSync(
            places.map((place) => join(place, name)),
            { cwd: repositoryRoot },
          ).length === 0,
      )
      .map((name) => `${file}: ${name}`)
  })
  expect(missing).toEqual([])
})
