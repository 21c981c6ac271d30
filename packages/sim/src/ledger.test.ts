import { expect, test } from '@jest/globals'
import { Ledger } from './ledger.js'

const NOTHING = { lost: [], changed: [], phantoms: [], repeated: [] }

function ledger(): Ledger {
  const made = new Ledger()
  for (const content of ['a', 'b', 'c']) made.offer(content)
  made.offer('again', Number.POSITIVE_INFINITY)
  made.acknowledge('a', 'q/0')
  made.acknowledge('b', 'q/1')
  return made
}

test.each([
  ['all that was acknowledged is there', { 'q/0': 'a', 'q/1': 'b' }, {}],
  ['and something that was only offered', { 'q/0': 'a', 'q/1': 'b', 'q/2': 'c' }, {}],
  ['and what may be repeated', { 'q/0': 'a', 'q/1': 'b', 'q/2': 'again', 'q/3': 'again' }, {}],
  ['one is missing', { 'q/0': 'a' }, { lost: ['q/1'] }],
  ['two changed places', { 'q/0': 'b', 'q/1': 'a' }, { changed: ['q/0', 'q/1'] }],
  ['one was never offered', { 'q/0': 'a', 'q/1': 'b', 'q/2': 'x' }, { phantoms: ['q/2'] }],
  ['one is there twice', { 'q/0': 'a', 'q/1': 'b', 'q/2': 'a' }, { repeated: ['q/2'] }],
])('%s', (_, found, wrong) => {
  expect(ledger().judge(new Map(Object.entries(found)))).toEqual({ ...NOTHING, ...wrong })
})
