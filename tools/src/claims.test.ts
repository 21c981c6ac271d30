import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { repositoryRoot } from './workspace.js'

const PAGE = readFileSync(join(repositoryRoot, 'docs/from-the-documents.md'), 'utf8')
const ROWS = ['unit', 'checks', 'bench']

/** Files of tests, and what they say. */
const tests = execFileSync('git', ['ls-files', '*.test.ts', 'tests/*.ts'], {
  cwd: repositoryRoot,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '')
const said = tests.map((file) => readFileSync(join(repositoryRoot, file), 'utf8')).join('\n')

/** What shows a claim: the last cell of each row of the tables but the last one, which corrects the texts. */
const shows = PAGE.slice(PAGE.indexOf('## Scenarios'), PAGE.indexOf('## What is not so'))
  .split('\n')
  .filter((line) => line.startsWith('| 0'))
  .map((line) => line.split('|').at(-2) ?? '')

test('a test that the page about the documents names is there', () => {
  const named = shows.flatMap((cell) =>
    [...cell.matchAll(/"([^"…]+)…?"/g)].map(([, name = '']) => name.trim()),
  )
  expect(named.length).toBeGreaterThan(5)
  expect(named.filter((name) => !said.includes(name))).toEqual([])
})

test('a row of the checks that it names is there, and so are files by the word in brackets', () => {
  const commands = shows.flatMap((cell) => [
    ...cell.matchAll(/`npm test -- ([a-z ]+)`(?: \(([a-z0-9, -]+)\))?/g),
  ])
  expect(commands.length).toBeGreaterThan(10)
  const wrong = commands.flatMap(([command, rows = '', words]) => [
    ...rows
      .split(' ')
      .filter((row) => !ROWS.includes(row) && !existsSync(join(repositoryRoot, 'tests', row)))
      .map((row) => `${command}: no row ${row}`),
    ...(words?.split(', ') ?? [])
      .filter((word) => !tests.some((file) => file.includes(word)))
      .map((word) => `${command}: no file has ${word} in its path`),
  ])
  expect(wrong).toEqual([])
})
