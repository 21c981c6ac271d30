import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { createNodeEnv } from '@rockhopper/env'
import { QUEUE } from '../message-view.fixture.js'
import { SILENT } from '../virtual-clock.fixture.js'
import { LocalOffsetStore } from './local-offset-store.js'

const { disk } = createNodeEnv()

describe('local offset store', () => {
  let directory = ''
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'rockhopper-offsets-'))
  })
  afterEach(() => rmSync(directory, { recursive: true }))
  const open = () => new LocalOffsetStore(disk, SILENT, join(directory, 'group'))

  test('offsets are found again by the next process', async () => {
    const store = open()
    expect(await store.load(QUEUE)).toBeUndefined()
    store.update(QUEUE, 5)
    store.update(QUEUE, 3)
    await store.persist()
    expect(await open().load(QUEUE)).toBe(5)
    store.update(QUEUE, 2, true)
    await store.persist()
    expect(await open().load(QUEUE)).toBe(2)
  })

  test('a file cut at any byte gives this version or the one before, never an error', async () => {
    const store = open()
    store.update(QUEUE, 1)
    await store.persist()
    store.update(QUEUE, 2)
    await store.persist()
    const path = join(directory, 'group', 'offsets.json')
    const whole = readFileSync(path)
    for (let size = 0; size <= whole.length; size++) {
      writeFileSync(path, whole.subarray(0, size))
      expect([1, 2]).toContain(await open().load(QUEUE))
    }
  })

  test('two damaged files are an error that names the file', async () => {
    const store = open()
    store.update(QUEUE, 1)
    await store.persist()
    store.update(QUEUE, 2)
    await store.persist()
    const path = join(directory, 'group', 'offsets.json')
    writeFileSync(path, '{')
    writeFileSync(
      `${path}.bak`,
      '{"offsetTable":[{"topic":"T","queueId":0,"queueOffset":-1,"brokerName":"b"}]}',
    )
    expect(open).toThrow(path)
  })
})
