import { expect, test } from '@jest/globals'
import { describeWithContainers } from '../containers/requirements.fixture.js'
import { ELASTICSEARCH_IMAGE, startElasticsearch } from '../containers/server.js'
import { COLLECTOR, eventually, Pipeline, post, type SinkCounts, sinkCounts } from './pipeline.fixture.js'

const NIGHT = Date.parse('2026-11-20T23:59:59.500Z')
const line = (n: number) => ({
  time: NIGHT + n,
  level: 'info',
  service: 'shop',
  message: `penguin number ${n}`,
})
const lines = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => line(from + n))

async function ask<T>(url: string, path: string): Promise<T> {
  return (await (await fetch(`${url}/${path}`)).json()) as T
}

interface Found {
  readonly hits: {
    readonly total: { readonly value: number }
    readonly hits: readonly { readonly _id: string }[]
  }
}

describeWithContainers('lines in Elasticsearch', [ELASTICSEARCH_IMAGE], () => {
  test('each once in the index of its day, and only what can never be stored is refused', async () => {
    await using elasticsearch = await startElasticsearch()
    await using pipeline = await Pipeline.start()
    const { url } = elasticsearch
    const collector = await pipeline.run(COLLECTOR)
    await using storage = await pipeline.storage({ ELASTICSEARCH_URL: url })
    const reach = (wanted: Partial<SinkCounts>) =>
      eventually(JSON.stringify(wanted), async () => {
        const counts = (await sinkCounts(storage)).find(({ sink }) => sink === 'elasticsearch')
        return Object.entries(wanted).every(([key, value]) => counts?.[key as keyof SinkCounts] === value)
          ? counts
          : undefined
      })

    for (let batch = 0; batch < 4; batch++)
      expect((await post(collector, `b-${batch}`, lines(batch * 250, batch * 250 + 250))).status).toBe(202)
    await reach({ stored: 1000 })
    await post(collector, 'b-2', lines(500, 750))
    await reach({ stored: 1000, repeated: 250 })
    await ask(url, '_refresh')
    expect(await ask(url, 'rockhopper-log-2026.11.20/_count')).toMatchObject({ count: 500 })
    expect(await ask(url, 'rockhopper-log-2026.11.21/_count')).toMatchObject({ count: 500 })
    const found = await ask<Found>(url, 'rockhopper-log-*/_search?q=message:777')
    expect(found.hits.total.value).toBe(1)

    // Deeper than `flattened` goes: this line only is given up.
    const deep = JSON.parse(`${'{"a":'.repeat(25)}1${'}'.repeat(25)}`) as object
    await post(collector, 'mixed', [line(1), { ...line(2), ...deep }, line(3)])
    expect(await reach({ stored: 1002, refused: 1 })).not.toHaveProperty('down')

    await elasticsearch.stop()
    await post(collector, 'later', lines(2000, 2100))
    await eventually('it is told that the sink is down', async () =>
      (await sinkCounts(storage)).some(({ down }) => down !== undefined) ? true : undefined,
    )
    await elasticsearch.start()
    await reach({ stored: 1102, refused: 1 })
  }, 180_000)
})
