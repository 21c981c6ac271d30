import { expect, test } from '@jest/globals'
import { argumentsOf, type ClientTask, taskOf } from './client-task.js'

const TASK: ClientTask = {
  mode: 'drain',
  nameserver: '127.0.0.1:9876',
  topic: 'Backlog',
  group: 'bench-drain-1',
  warmUp: 10,
  count: 1_000,
}

test('a task survives the command line', () => {
  expect(argumentsOf(TASK).slice(-4)).toEqual(['--warm-up', '10', '--count', '1000'])
  expect(taskOf(argumentsOf(TASK))).toEqual(TASK)
})

test('a command line without a mode is refused', () => {
  expect(() => taskOf(['--topic', 'Backlog'])).toThrow('--mode undefined')
})
