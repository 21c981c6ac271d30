import { expect, test } from '@jest/globals'
import { Gate } from './gate.js'

const state = (change: object) => ({
  campaignId: 'launch',
  itemId: 'floe',
  stock: 2,
  remaining: 2,
  released: 0,
  version: 1,
  ...change,
})

test('it closes when the item is sold out, and opens when a win is given back', () => {
  const gate = new Gate(state({}), 10)
  expect(gate.passage()).toBe('open')
  gate.learn(state({ remaining: 0, version: 3 }))
  expect(gate.passage()).toBe('sold-out')
  gate.learn(state({ remaining: 1, released: 1, version: 4 }))
  expect(gate.passage()).toBe('open')
})

test('an older state that comes late changes nothing', () => {
  const gate = new Gate(state({}), 10)
  gate.learn(state({ remaining: 0, version: 3 }))
  gate.learn(state({ remaining: 1, version: 2 }))
  expect(gate.passage()).toBe('sold-out')
})

test('it closes when a multiple of the stock stands in line; a win given back makes room', () => {
  const gate = new Gate(state({}), 2)
  for (let count = 0; count < 4; count++) {
    expect(gate.passage()).toBe('open')
    gate.admit()
  }
  expect(gate.passage()).toBe('full')
  gate.learn(state({ remaining: 1, released: 1, version: 5 }))
  expect(gate.passage()).toBe('open')
  gate.admit()
  expect(gate.passage()).toBe('full')
})

test('a request that the broker did not take leaves its place', () => {
  const gate = new Gate(state({ stock: 1, remaining: 1 }), 1)
  gate.admit()
  expect(gate.passage()).toBe('full')
  gate.withdraw()
  expect(gate.passage()).toBe('open')
})
