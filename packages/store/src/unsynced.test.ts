import { expect, test } from '@jest/globals'
import { takeEach } from './unsynced.js'

test('what is written while others are synced waits for the next call', async () => {
  const unsynced = new Set(['a', 'b'])
  const synced: string[] = []
  const busy = async (member: string) => {
    synced.push(member)
    if (synced.length < 100) unsynced.add(member)
  }
  await takeEach(unsynced, busy)
  expect(synced).toEqual(['a', 'b'])
  expect([...unsynced].sort()).toEqual(['a', 'b'])
})

test('what fails stays, and so does what comes behind it', async () => {
  const unsynced = new Set(['a', 'b', 'c'])
  const failing = (member: string) => (member === 'b' ? Promise.reject(new Error('full')) : Promise.resolve())
  await expect(takeEach(unsynced, failing)).rejects.toThrow('full')
  expect([...unsynced].sort()).toEqual(['b', 'c'])
})

test('what was removed meanwhile is passed over', async () => {
  const unsynced = new Set(['a', 'b'])
  const synced: string[] = []
  await takeEach(unsynced, async (member) => {
    synced.push(member)
    unsynced.delete('b')
  })
  expect(synced).toEqual(['a'])
})

test('several are synced at once, and the first failure comes after all that had begun', async () => {
  const unsynced = new Set(['a', 'b', 'c', 'd'])
  const ends: (() => void)[] = []
  const begun: string[] = []
  const done = takeEach(
    unsynced,
    async (member) => {
      begun.push(member)
      await new Promise<void>((resolve) => ends.push(resolve))
      if (member === 'a') throw new Error('full')
    },
    () => 3,
  )
  expect(begun).toEqual(['a', 'b', 'c'])
  for (const end of ends) end()
  await expect(done).rejects.toThrow('full')
  expect([...unsynced]).toEqual(['d', 'a'])
})

test('one that is hurried while it is under way goes on with more at once', async () => {
  const unsynced = new Set(['a', 'b', 'c', 'd'])
  const ends: (() => void)[] = []
  const begun: string[] = []
  let atOnce = 1
  const done = takeEach(
    unsynced,
    async (member) => {
      begun.push(member)
      await new Promise<void>((resolve) => ends.push(resolve))
    },
    () => atOnce,
  )
  expect(begun).toEqual(['a'])
  atOnce = 3
  ends.shift()?.()
  await Promise.resolve().then(() => undefined)
  expect(begun).toEqual(['a', 'b', 'c', 'd'])
  for (const end of ends) end()
  await done
  expect(unsynced.size).toBe(0)
})
