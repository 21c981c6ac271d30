import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from '@jest/globals'
import { anyPortBase } from '@rockhopper/demo'
import { DemoRun, eventually, leftOf } from './demo-run.fixture.js'

/** What a drain may take, and a little for a busy machine. */
const DRAIN_MS = 10_000
const SLACK_MS = 5_000

const runs: DemoRun[] = []
const folders: string[] = []

afterEach(async () => {
  await Promise.all(runs.splice(0).map((run) => run.destroy()))
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
}, 60_000)

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'rockhopper-demo-'))
  folders.push(folder)
  return folder
}

async function start(portBase: number, dataDir: string, ...more: string[]): Promise<DemoRun> {
  const run = new DemoRun(['--', 'shop', '--port-base', String(portBase), '--data-dir', dataDir, ...more])
  runs.push(run)
  await run.ready()
  return run
}

async function ordersOf(run: DemoRun): Promise<{ id: string; status: string }[]> {
  const answer = await fetch(`http://127.0.0.1:${await run.portOf('order')}/orders`)
  return (await answer.json()) as { id: string; status: string }[]
}

async function confirmOne(run: DemoRun): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${await run.portOf('order')}/order?pid=1`)
  const { id } = (await answer.json()) as { id: string }
  const confirmed = await eventually(20_000, async () =>
    (await ordersOf(run)).some((order) => order.id === id && order.status === 'CONFIRMED') ? id : undefined,
  )
  expect(confirmed).toBe(id)
  return id
}

describe('the demo', () => {
  test('Ctrl-C drains and leaves nothing; the next start finds the data, --reset forgets it', async () => {
    const folder = newFolder()
    const base = anyPortBase()
    const first = await start(base, folder)
    const id = await confirmOne(first)
    const parts = await first.parts()
    expect(parts.pids).toHaveLength(7)
    const before = performance.now()
    first.interrupt()
    expect(await first.ended()).toBe(0)
    expect(performance.now() - before).toBeLessThan(DRAIN_MS + SLACK_MS)
    expect(first.output).toMatch(/draining, at most ten seconds/)
    expect(await leftOf(parts, SLACK_MS)).toEqual([])

    const second = await start(base, folder)
    expect((await ordersOf(second)).map((order) => order.id)).toEqual([id])
    await confirmOne(second)
    second.interrupt()
    await second.ended()

    const third = await start(base, folder, '--reset')
    expect(await ordersOf(third)).toEqual([])
  }, 180_000)

  test('a second one takes the next free ports and prints them; SIGTERM ends one of them only', async () => {
    const base = anyPortBase()
    const first = await start(base, newFolder())
    const second = await start(base, newFolder())
    const [ofFirst, ofSecond] = [await first.parts(), await second.parts()]
    expect(ofSecond.ports.filter((port) => ofFirst.ports.includes(port))).toEqual([])
    await Promise.all([confirmOne(first), confirmOne(second)])
    second.signal('SIGTERM')
    expect(await second.ended()).toBe(0)
    expect(await leftOf(ofSecond, SLACK_MS)).toEqual([])
    await confirmOne(first)
    first.signal('SIGTERM')
    expect(await first.ended()).toBe(0)
    expect(await leftOf(ofFirst, SLACK_MS)).toEqual([])
  }, 180_000)

  test('kill -9 of its parent leaves no process and no listener', async () => {
    const run = await start(anyPortBase(), newFolder())
    const parts = await run.parts()
    run.signal('SIGKILL')
    await run.ended()
    expect(await leftOf(parts, DRAIN_MS + SLACK_MS)).toEqual([])
  }, 120_000)
})
