import { Card, Col, Flex, Statistic } from 'antd'
import { useMemo } from 'react'
import { ChartCard } from './chart.js'
import { type Frame, PageFrame } from './page-frame.js'
import { RushForm } from './rush-form.js'
import { type SeckillWords, seckillWordsIn } from './seckill-words.js'
import type { Service } from './server.js'
import { ServiceCards } from './service-cards.js'
import { type Sample, useSeckill } from './use-seckill.js'

interface Props {
  readonly services: readonly Service[]
  readonly dark: boolean
  readonly frame: Frame
}

/** The two curves that are the point, what waits between them, and what became of it. */
export function Seckill({ services, dark, frame }: Props) {
  const { online, samples } = useSeckill()
  return (
    <PageFrame wordsIn={seckillWordsIn} online={online} frame={frame}>
      {(words) => <Panels services={services} dark={dark} samples={samples} words={words} />}
    </PageFrame>
  )
}

interface PanelsProps {
  readonly services: readonly Service[]
  readonly dark: boolean
  readonly samples: readonly Sample[]
  readonly words: SeckillWords
}

function Panels({ services, dark, samples, words }: PanelsProps) {
  const curves = useMemo(() => curveOption(samples, words), [samples, words])
  const depth = useMemo(() => depthOption(samples, words), [samples, words])
  return (
    <>
      <Col xs={24}>
        <ServiceCards services={services} />
      </Col>
      <Col xs={24}>
        <Card size="small">
          <RushForm words={words} />
        </Card>
      </Col>
      <Col xs={24}>
        <Card size="small">
          <Numbers words={words} sample={samples.at(-1)} />
        </Card>
      </Col>
      <ChartCard name="curves" title={words.curves} option={curves} dark={dark} />
      <ChartCard name="depth" title={words.depth} option={depth} dark={dark} />
    </>
  )
}

function Numbers({ words, sample }: { words: SeckillWords; sample: Sample | undefined }) {
  const outcomes = sample?.outcomes ?? {}
  const answers = sample?.answers ?? {}
  const refused = (answers['sold-out'] ?? 0) + (answers['busy'] ?? 0)
  return (
    <Flex wrap gap="large">
      <Statistic title={words.left} value={sample?.left ?? 0} />
      <Statistic title={words.paid} value={outcomes['paid'] ?? 0} />
      <Statistic title={words.won} value={outcomes['won'] ?? 0} />
      <Statistic title={words.released} value={outcomes['released'] ?? 0} />
      <Statistic title={words.lost} value={outcomes['lost'] ?? 0} />
      <Statistic title={words.waiting} value={sample?.waiting ?? 0} />
      <Statistic title={words.refused} value={refused} />
      <Statistic title={words.median} value={sample?.p50Ms ?? 0} precision={1} suffix="ms" />
    </Flex>
  )
}

const GRID = { left: 48, right: 48, top: 34, bottom: 24 }

const SECONDS = { type: 'value', min: 0, axisLabel: { formatter: '{value} s' } }

/** Points by seconds since the rush began. */
const points = (samples: readonly Sample[], value: (sample: Sample) => number | null) =>
  samples.map((sample) => [(sample.at - (samples[0]?.at ?? 0)) / 1_000, value(sample)])

function curveOption(samples: readonly Sample[], words: SeckillWords) {
  const line = (name: string, pick: 'arriving' | 'deciding', color: string) => ({
    name,
    type: 'line',
    showSymbol: false,
    areaStyle: { opacity: 0.15 },
    itemStyle: { color },
    data: points(samples, (sample) => Math.round(sample[pick])),
  })
  return {
    grid: GRID,
    legend: { top: 0 },
    tooltip: { trigger: 'axis' },
    xAxis: SECONDS,
    yAxis: { type: 'value' },
    series: [line(words.arriving, 'arriving', '#f5222d'), line(words.deciding, 'deciding', '#1677ff')],
  }
}

function depthOption(samples: readonly Sample[], words: SeckillWords) {
  return {
    grid: GRID,
    legend: { top: 0 },
    tooltip: { trigger: 'axis' },
    xAxis: SECONDS,
    yAxis: [{ type: 'value' }, { type: 'value', name: 'ms', splitLine: { show: false } }],
    series: [
      {
        name: words.waiting,
        type: 'line',
        showSymbol: false,
        areaStyle: { opacity: 0.2 },
        itemStyle: { color: '#fa8c16' },
        data: points(samples, ({ waiting }) => waiting),
      },
      {
        name: words.latency,
        type: 'line',
        // A single one between gaps is a point.
        symbolSize: 5,
        yAxisIndex: 1,
        itemStyle: { color: '#9254de' },
        data: points(samples, ({ p99Ms }) => (p99Ms === null ? null : Math.round(p99Ms))),
      },
    ],
  }
}
