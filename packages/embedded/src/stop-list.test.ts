import { expect, test } from '@jest/globals'
import { StopList } from './stop-list.js'

test('stops in the opposite order, each part once, also after one that fails', async () => {
  const stopped: string[] = []
  const list = new StopList()
  const part = (name: string, failure?: Error) => async () => {
    stopped.push(name)
    if (failure !== undefined) throw failure
  }
  list.add(part('first'))
  list.add(part('second', new Error('second failed')))
  const stopThird = list.add(part('third'))
  await stopThird()
  await expect(list.stop()).rejects.toThrow('second failed')
  await expect(list.stop()).rejects.toThrow('second failed')
  expect(stopped).toEqual(['third', 'second', 'first'])
})
