import { spawnSync } from 'node:child_process'
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { ELASTICSEARCH_IMAGE, HDFS_IMAGE, type Server, startElasticsearch, startHdfs } from '@rockhopper/e2e'
import { LocalFolder, WebHdfsFolder } from '@rockhopper/logs-storage'
import { type BugName, withBug } from '../bugs.fixture.js'
import { postgresIfThere, postgresIsThere } from '../postgres.fixture.js'
import { linesOf, load, loadUntilDisarmed } from './log-load.fixture.js'
import { type Environments, LogRun } from './log-run.fixture.js'
import { archived, indexed, keptVerdict, windowVerdict } from './log-verdict.fixture.js'

const LONG = process.env['ROCKHOPPER_LONG'] === '1'
const LINES = LONG ? 1_000_000 : 20_000
const SETTLE_MS = 90_000
const AWAY_MS = LONG ? 30_000 : 3_000

const COLLECTOR_FAULTS = ['collector.between-messages:3', 'collector.after-ack-before-position:4']
/** Three kills; with two instances the other one takes the queues over each time. */
const ANALYTICS_FAULTS = postgresIsThere
  ? {
      'analytics-1': ['analytics.after-update-before-commit:2', 'analytics.after-commit-before-ack:2'],
      'analytics-2': ['analytics.after-update-before-commit:3'],
    }
  : {
      'analytics-1': [
        'analytics.after-update-before-commit:2',
        'analytics.after-commit-before-ack:2',
        'analytics.after-update-before-commit:5',
      ],
    }
const ARCHIVE_FAULTS = [
  'storage.after-write-before-rename:2',
  'storage.after-rename-before-commit:2',
  'storage.after-write-before-rename:1',
]
const BULK_FAULTS = ['storage.after-bulk-before-commit:2', 'storage.after-bulk-before-commit:1']

let run: LogRun | undefined
afterEach(async () => {
  await run?.stop()
  run = undefined
}, 30_000)

describe('a log pipeline whose processes are killed', () => {
  test(
    'every line is in the archive once, and windows and late lines are all that was written',
    async () => {
      await using postgres = await postgresIfThere()
      const pipeline = await started(
        {
          collector: COLLECTOR_FAULTS,
          'storage-1': ARCHIVE_FAULTS,
          'storage-2': ['storage.after-rename-before-commit:3', 'storage.after-write-before-rename:2'],
          ...ANALYTICS_FAULTS,
        },
        {},
        await postgres?.createDatabase('logs'),
      )
      const lines = linesOf(LINES)
      const began = performance.now()
      await load(pipeline, lines, brokerKills(pipeline, 2))
      lines.push(...(await loadUntilDisarmed(pipeline)))
      const kept = await archived(new LocalFolder(pipeline.archive), lines.length)
      report('in the archive', lines.length, began)
      expect(keptVerdict('archive', kept, lines)).toEqual([])
      expect(await windowVerdict(pipeline, lines)).toEqual([])
      await pipeline.processes.settled(SETTLE_MS)
      // While its database is there.
      await pipeline.stop()
      run = undefined
      expect(pipeline.processes.kills.filter((kill) => kill === 'broker')).toHaveLength(2)
    },
    LONG ? 1_800_000 : 240_000,
  )
})

const missing = missingContainers()
if (missing !== undefined) process.stderr.write(`chaos: SKIPPED Elasticsearch and HDFS: ${missing}\n`)
const describeHere = missing === undefined || process.env['CI'] === 'true' ? describe : describe.skip

describeHere('a log pipeline into Elasticsearch and HDFS', () => {
  let elasticsearch: Server
  let hdfs: Server
  beforeAll(async () => {
    elasticsearch = await startElasticsearch()
    hdfs = await startHdfs()
  }, 240_000)
  afterAll(async () => {
    await elasticsearch[Symbol.asyncDispose]()
    await hdfs[Symbol.asyncDispose]()
  }, 60_000)

  test(
    'every line is in both once, although all that writes is killed and Elasticsearch goes away',
    () => everyLineInBoth(elasticsearch, hdfs),
    LONG ? 1_800_000 : 300_000,
  )

  test.each<[BugName, RegExp]>([
    ['random document id', /[1-9]\d* more than once/],
    ['index by processing time', /[1-9]\d* lost/],
  ])(
    'the planted bug is found: %s',
    async (bug, finds) => {
      const index = bug.replaceAll(' ', '-')
      const sink = { ELASTICSEARCH_URL: elasticsearch.url, ELASTICSEARCH_INDEX: index }
      const pipeline = await started(
        { 'storage-1': ['storage.after-bulk-before-commit:1'] },
        bugged(bug, sink),
      )
      const lines = linesOf(2_000)
      await load(pipeline, lines)
      await pipeline.processes.settled(SETTLE_MS)
      // One more than there are: it looks until the time is over, so that a repeat can come.
      const kept = await indexed(elasticsearch.url, index, lines.length + 1, 6_000)
      expect(keptVerdict('Elasticsearch', kept, lines).join('\n')).toMatch(finds)
    },
    120_000,
  )
})

describe('a planted bug of the log pipeline is found', () => {
  test('offset before rename', async () => {
    const fault = ['storage.after-write-before-rename:1']
    const pipeline = await started({ 'storage-1': fault }, bugged('offset before rename'))
    const lines = linesOf(5_000)
    await load(pipeline, lines)
    await pipeline.processes.settled(SETTLE_MS)
    const kept = await archived(new LocalFolder(pipeline.archive), lines.length, 6_000)
    expect(keptVerdict('archive', kept, lines).join('\n')).toMatch(/[1-9]\d* lost/)
  }, 90_000)
})

async function everyLineInBoth(elasticsearch: Server, hdfs: Server): Promise<void> {
  const sinks = {
    ELASTICSEARCH_URL: elasticsearch.url,
    ELASTICSEARCH_INDEX: 'kills',
    WEBHDFS_URL: hdfs.url,
  }
  const pipeline = await started(
    {
      collector: ['collector.after-ack-before-answer:2', 'collector.between-messages:2'],
      'storage-1': [...BULK_FAULTS, 'storage.after-write-before-rename:2'],
      'storage-2': ['storage.after-rename-before-commit:2', 'storage.after-bulk-before-commit:3'],
    },
    { 'storage-1': sinks, 'storage-2': sinks },
  )
  const lines = linesOf(LINES)
  const began = performance.now()
  const killBroker = brokerKills(pipeline, 2)
  let stops = 0
  await load(pipeline, lines, async () => {
    await killBroker()
    if (stops++ !== 1) return
    await elasticsearch.stop()
    await new Promise((resolve) => setTimeout(resolve, AWAY_MS))
    await elasticsearch.start()
  })
  lines.push(...(await loadUntilDisarmed(pipeline)))
  const inHdfs = await archived(new WebHdfsFolder(hdfs.url, '/logs'), lines.length)
  const inElasticsearch = await indexed(elasticsearch.url, 'kills', lines.length)
  report('in Elasticsearch and HDFS', lines.length, began)
  expect(keptVerdict('HDFS', inHdfs, lines)).toEqual([])
  expect(keptVerdict('Elasticsearch', inElasticsearch, lines)).toEqual([])
  await pipeline.processes.settled(SETTLE_MS)
}

async function started(
  faults: ConstructorParameters<typeof LogRun>[1],
  extra: Environments = {},
  database?: string,
): Promise<LogRun> {
  const pipeline = new LogRun(extra, faults, database)
  run = pipeline
  await pipeline.start()
  return pipeline
}

/** With the kills, and with reading all of it back at the end. */
function report(where: string, lines: number, began: number): void {
  const seconds = (performance.now() - began) / 1_000
  const rate = (lines / seconds).toFixed(0)
  process.stderr.write(`${lines} lines ${where} in ${seconds.toFixed(1)} s, ${rate} a second\n`)
}

/** One storage, with the bug; the other one is given nothing to do. */
function bugged(bug: BugName, sink: Record<string, string> = {}): Environments {
  return {
    'storage-1': { ...withBug(bug), ...sink },
    'storage-2': { ...sink, LOG_STORAGE_SHARE: '63/64' },
  }
}

function brokerKills(pipeline: LogRun, count: number): () => Promise<void> {
  let killed = 0
  return async () => {
    if (killed++ < count) await pipeline.processes.kill('broker')
  }
}

function missingContainers(): string | undefined {
  if (HDFS_IMAGE === undefined) return 'ROCKHOPPER_TEST_HDFS_IMAGE names no image'
  const images = [ELASTICSEARCH_IMAGE, HDFS_IMAGE]
  const { status } = spawnSync('docker', ['image', 'inspect', ...images], { timeout: 20_000 })
  return status === 0 ? undefined : `docker has not: ${images.join(', ')}`
}
