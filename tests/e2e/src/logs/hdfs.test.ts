import { expect, test } from '@jest/globals'
import { filesIn, hourFolders, WebHdfsFolder } from '@rockhopper/logs-storage'
import { describeWithContainers } from '../containers/requirements.fixture.js'
import { HDFS_IMAGE, startHdfs } from '../containers/server.js'
import {
  archived,
  archivedAtLeast,
  COLLECTOR,
  eventually,
  Pipeline,
  post,
  sinkCounts,
} from './pipeline.fixture.js'

const line = (n: number) => ({
  time: 1_763_600_000_000 + n,
  level: 'info',
  service: 'shop',
  message: `line ${n}`,
})
const lines = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => line(from + n))

describeWithContainers('lines in HDFS', [HDFS_IMAGE], () => {
  test('each once, with two writers at the same queues, after a stop of HDFS, after a repeat', async () => {
    await using hdfs = await startHdfs()
    await using pipeline = await Pipeline.start()
    const folder = new WebHdfsFolder(hdfs.url, '/logs')
    const env = { WEBHDFS_URL: hdfs.url }
    const collector = await pipeline.run(COLLECTOR)
    for (let batch = 0; batch < 6; batch++)
      await post(collector, `a-${batch}`, lines(batch * 100, batch * 100 + 100))
    // Both write every queue, and do not know of each other.
    const [one, two] = await Promise.all([pipeline.storage(env), pipeline.storage(env)])
    for (let batch = 6; batch < 12; batch++)
      await post(collector, `a-${batch}`, lines(batch * 100, batch * 100 + 100))
    await archivedAtLeast(folder, 1_200)
    await two[Symbol.asyncDispose]()

    await hdfs.stop()
    await post(collector, 'b', lines(1_200, 1_300))
    await post(collector, 'a-3', lines(300, 400))
    await eventually('it is told that the sink is down', async () =>
      (await sinkCounts(one)).some(({ down }) => down !== undefined) ? true : undefined,
    )
    await hdfs.start()
    await archivedAtLeast(folder, 1_300)
    await eventually('the repeat is seen', async () =>
      (await sinkCounts(one)).some(({ repeated }) => repeated >= 100) ? true : undefined,
    )
    const kept = await archived(folder)
    expect(kept.map(({ message }) => message).sort()).toEqual(
      lines(0, 1_300)
        .map(({ message }) => message)
        .sort(),
    )
    expect(new Set(kept.map(({ id }) => id)).size).toBe(1_300)
    await covered(folder)
  }, 180_000)
})

/** The names of the files cover each queue without a gap, and without an overlap. */
async function covered(folder: WebHdfsFolder): Promise<void> {
  const files = (await Promise.all((await hourFolders(folder)).map((hour) => filesIn(folder, hour)))).flat()
  for (const queue of new Set(files.map((file) => file.queue))) {
    const own = files.filter((file) => file.queue === queue).sort((a, b) => a.from - b.from)
    expect(own.slice(1).map(({ from }) => from)).toEqual(own.slice(0, -1).map(({ next }) => next))
  }
}
