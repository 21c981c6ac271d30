import { expect, test } from '@jest/globals'
import { isLoopback, port } from './arguments.js'

test('only addresses of this machine alone are loopback', () => {
  expect(['127.0.0.1', '127.8.8.8', '::1', 'localhost'].every(isLoopback)).toBe(true)
  expect(['0.0.0.0', '::', '10.0.0.1', '127.0.0.1.example.org', ''].some(isLoopback)).toBe(false)
})

test('a port is a number from 0 to 65535', () => {
  expect([port('0'), port('10911'), port('65535')]).toEqual([0, 10_911, 65_535])
  for (const text of ['', '-1', '65536', '1e3', 'x', '1.5']) expect(() => port(text)).toThrow('0 to 65535')
})
