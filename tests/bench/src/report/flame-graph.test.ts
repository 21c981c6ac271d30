import { expect, test } from '@jest/globals'
import { type CpuProfile, costliest } from './cpu-profile.js'
import { flameGraph } from './flame-graph.js'

const node = (id: number, functionName: string, url: string, children: readonly number[] = []) => ({
  id,
  callFrame: { functionName, url, lineNumber: 1 },
  children,
})

const PROFILE: CpuProfile = {
  nodes: [
    node(1, '(root)', '', [2, 5]),
    node(2, 'turn', 'file:///any/where/packages/broker/dist/processors/send.js', [3, 4]),
    node(3, 'place', 'file:///any/where/packages/store/dist/commit-log.js'),
    node(4, 'writeBuffer', ''),
    node(5, '(idle)', ''),
  ],
  samples: [3, 3, 5, 4, 4, 4, 2],
  timeDeltas: [1_000, 100, 5_000, 200, 200, 200, 300],
}

test('the costliest functions are those that the samples end in, without idle time and the beginning', () => {
  expect(costliest(PROFILE, 1.05, 3)).toEqual([
    { name: 'writeBuffer', share: 0.6 },
    { name: 'turn (broker/send)', share: 0.3 },
    { name: 'place (store/commit-log)', share: 0.1 },
  ])
})

test('a flame graph has a box for each stack, as wide as its share, and no path of the machine', () => {
  const svg = flameGraph('send', PROFILE, 1.05)
  expect(svg).toContain('<title>turn (broker/send), 100.0 %</title><rect x="0.0" y="17" width="1200.0"')
  expect(svg).toContain('<title>writeBuffer, 60.0 %</title><rect x="0.0" y="34" width="720.0"')
  expect(svg).toContain('<title>place (store/commit-log), 10.0 %</title><rect x="720.0" y="34" width="120.0"')
  expect(svg).not.toContain('where')
})
