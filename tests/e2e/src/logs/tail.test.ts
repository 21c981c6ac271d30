import { appendFileSync, copyFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { archivedAtLeast, eventually, Pipeline, type Service } from './pipeline.fixture.js'

const AT = Date.parse('2026-11-20T08:30:00Z')
const text = (n: number) => `${JSON.stringify({ time: AT + n, level: 30, msg: `line ${n}` })}\n`
const texts = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, n) => text(from + n)).join('')
const messages = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => `line ${from + n}`)

interface State {
  readonly lines: number
  readonly files: readonly { readonly position: number; readonly lines: number; readonly down?: string }[]
}

const stateOf = async (collector: Service) => (await (await fetch(`${collector.url}/logs`)).json()) as State

const sent = (collector: Service, lines: number) =>
  eventually(`${lines} lines are sent`, async () => {
    const state = await stateOf(collector)
    return state.lines === lines ? state : undefined
  })

async function inArchive(pipeline: Pipeline, count: number): Promise<string[]> {
  await using _ = await pipeline.storage()
  const lines = await archivedAtLeast(pipeline.archive, count)
  expect(new Set(lines.map(({ id }) => id)).size).toBe(count)
  return lines.map(({ message }) => message)
}

describe('a file that is followed', () => {
  test('is read on after a rename, a truncation, and a line in two pieces', async () => {
    await using pipeline = await Pipeline.start()
    const path = join(pipeline.folder, 'shop.log')
    await using collector = await pipeline.collector([path])
    writeFileSync(path, texts(0, 100))
    await sent(collector, 100)
    appendFileSync(path, text(100).slice(0, 20))
    appendFileSync(path, text(100).slice(20))
    await sent(collector, 101)

    renameSync(path, `${path}.1`)
    // Whoever writes has not noticed yet.
    appendFileSync(`${path}.1`, texts(101, 103))
    writeFileSync(path, texts(103, 105))
    await sent(collector, 105)

    copyFileSync(path, `${path}.2`)
    truncateSync(path)
    appendFileSync(path, texts(105, 110))
    await sent(collector, 110)
    expect(await inArchive(pipeline, 110)).toEqual(messages(0, 110))
  }, 60_000)

  test('is read on after a restart of the collector, although it was renamed twice meanwhile', async () => {
    await using pipeline = await Pipeline.start()
    const path = join(pipeline.folder, 'shop.log')
    writeFileSync(path, texts(0, 50))
    const first = await pipeline.collector([path])
    await sent(first, 50)
    await first[Symbol.asyncDispose]()

    appendFileSync(path, texts(50, 60))
    renameSync(path, `${path}.2`)
    writeFileSync(`${path}.1`, texts(60, 70))
    writeFileSync(path, texts(70, 80))
    await using second = await pipeline.collector([path])
    await sent(second, 30)
    expect(await inArchive(pipeline, 80)).toEqual(messages(0, 80))
  }, 60_000)

  test('waits for a broker that is away, and loses nothing', async () => {
    await using pipeline = await Pipeline.start()
    const path = join(pipeline.folder, 'shop.log')
    await using collector = await pipeline.collector([path])
    writeFileSync(path, texts(0, 10))
    const position = await eventually('ten lines are sent, and the file read up to there', async () => {
      const file = (await stateOf(collector)).files[0]
      return file?.lines === 10 ? file.position : undefined
    })
    await pipeline.mq.stop()
    appendFileSync(path, texts(10, 20))
    const [file] = await eventually('it stands still', async () => {
      const state = await stateOf(collector)
      return state.files[0]?.down === undefined ? undefined : state.files
    })
    expect(file).toMatchObject({ position, lines: 10 })
  }, 60_000)
})
