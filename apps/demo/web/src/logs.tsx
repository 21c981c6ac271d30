import { Badge, Card, Col, Empty, Flex, Statistic, Tag, Typography } from 'antd'
import { useMemo } from 'react'
import { ChartCard } from './chart.js'
import { type Words, wordsIn } from './logs-words.js'
import { type Frame, PageFrame } from './page-frame.js'
import type { Service } from './server.js'
import { ServiceCards } from './service-cards.js'
import { type Figures, type LogLine, type Sink, useLogs, type Window } from './use-logs.js'

const LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const
const COLORS: Readonly<Record<string, string>> = {
  fatal: '#a8071a',
  error: '#f5222d',
  warn: '#fa8c16',
  info: '#1677ff',
  debug: '#8c8c8c',
  trace: '#bfbfbf',
}

/** Of Ant Design, which knows them in the dark, too. */
const TAGS: Readonly<Record<string, string>> = {
  fatal: 'magenta',
  error: 'red',
  warn: 'orange',
  info: 'blue',
}

const clock = (at: number) => new Date(at).toLocaleTimeString([], { hour12: false })

interface Props {
  readonly services: readonly Service[]
  readonly dark: boolean
  readonly frame: Frame
}

/** What is logged, how it is kept and what is made of it; one column on a phone. */
export function Logs({ services, dark, frame }: Props) {
  const logs = useLogs()
  return (
    <PageFrame wordsIn={wordsIn} online={logs.online} frame={frame}>
      {(words) => <Panels services={services} dark={dark} logs={logs} words={words} />}
    </PageFrame>
  )
}

interface PanelsProps {
  readonly services: readonly Service[]
  readonly dark: boolean
  readonly logs: ReturnType<typeof useLogs>
  readonly words: Words
}

function Panels({ services, dark, logs, words }: PanelsProps) {
  const { windows, sliding, late, sinks, newest } = logs
  const levels = useMemo(() => levelOption(windows), [windows])
  const durations = useMemo(() => durationOption(sliding, words.median, words.slow), [sliding, words])
  return (
    <>
      <Col xs={24}>
        <ServiceCards services={services} />
      </Col>
      <Col xs={24}>
        <Card size="small">
          <Numbers words={words} figures={sliding.at(-1)?.figures} sinks={sinks} late={late} />
        </Card>
      </Col>
      <ChartCard name="levels" title={words.byLevel} option={levels} dark={dark} />
      <ChartCard name="durations" title={words.durations} option={durations} dark={dark} />
      <Col xs={24} lg={9}>
        <Flex vertical gap={16}>
          <Card size="small" title={words.messages}>
            {(sliding.at(-1)?.figures.top ?? []).map(({ message, count }) => (
              <Flex key={message} justify="space-between" gap="small">
                <Typography.Text ellipsis>{message}</Typography.Text>
                <Typography.Text strong>{count}</Typography.Text>
              </Flex>
            ))}
          </Card>
          <Sinks sinks={sinks} title={words.sink} down={words.down} />
          <Links title={words.json} />
        </Flex>
      </Col>
      <Col xs={24} lg={15}>
        <Card size="small" title={words.newest}>
          {newest.length === 0 ? <Empty description={words.waiting} /> : <Newest lines={newest} />}
        </Card>
      </Col>
    </>
  )
}

interface NumbersProps {
  readonly words: Words
  readonly figures: Figures | undefined
  readonly sinks: readonly Sink[]
  readonly late: number
}

function Numbers({ words, figures, sinks, late }: NumbersProps) {
  const kept = sinks.reduce((sum, { stored }) => sum + stored, 0)
  const repeated = sinks.reduce((sum, sink) => sum + sink.repeated, 0)
  return (
    <Flex wrap gap="large">
      <Statistic title={words.rate} value={figures?.perSecond ?? 0} precision={1} />
      <Statistic title={words.errors} value={(figures?.errorRatio ?? 0) * 100} precision={1} suffix="%" />
      <Statistic title={words.median} value={figures?.p50 ?? 0} precision={1} suffix="ms" />
      <Statistic title={words.slow} value={figures?.p95 ?? 0} precision={1} suffix="ms" />
      <Statistic title={words.kept} value={kept} />
      <Statistic title={words.repeats} value={repeated} />
      <Statistic title={words.late} value={late} />
    </Flex>
  )
}

function Links({ title }: { title: string }) {
  return (
    <Card size="small" title={title}>
      <Flex gap="small" wrap>
        {['windows', 'sliding', 'state', 'storage', 'collector'].map((name) => (
          <a key={name} href={`/api/logs/${name}`}>
            {name}
          </a>
        ))}
      </Flex>
    </Card>
  )
}

function Sinks({ sinks, title, down }: { sinks: readonly Sink[]; title: string; down: string }) {
  return (
    <Card size="small" title={title}>
      {sinks.map((sink) => (
        <Flex key={sink.sink} vertical>
          <Badge
            status={sink.down === undefined ? 'success' : 'error'}
            text={`${sink.sink}: ${sink.stored}${sink.down === undefined ? '' : `, ${down}`}`}
          />
          <Typography.Text type="secondary" style={{ fontSize: 12, overflowWrap: 'anywhere' }}>
            {sink.down ?? sink.address}
          </Typography.Text>
        </Flex>
      ))}
    </Card>
  )
}

function Newest({ lines }: { lines: readonly LogLine[] }) {
  return (
    <Flex vertical gap={2} style={{ maxHeight: 380, overflowY: 'auto' }}>
      {lines.map(({ id, at, level, service, message }) => (
        <Flex key={id} gap="small" align="baseline" data-line={level}>
          <Typography.Text type="secondary" style={{ fontSize: 12, fontVariantNumeric: 'tabular-nums' }}>
            {clock(at)}
          </Typography.Text>
          <Tag color={TAGS[level] ?? 'default'}>{level}</Tag>
          <Typography.Text ellipsis>
            {service}: {message}
          </Typography.Text>
        </Flex>
      ))}
    </Flex>
  )
}

const GRID = { left: 44, right: 12, top: 34, bottom: 24 }

function levelOption(windows: readonly Window[]) {
  const levels = LEVELS.filter((level) => windows.some(({ figures }) => (figures.levels[level] ?? 0) > 0))
  return {
    grid: GRID,
    legend: { top: 0, data: levels },
    tooltip: { trigger: 'axis' },
    xAxis: { type: 'category', data: windows.map(({ start }) => clock(start)) },
    yAxis: { type: 'value' },
    series: levels.toReversed().map((level) => ({
      name: level,
      type: 'bar',
      stack: 'levels',
      itemStyle: { color: COLORS[level] },
      data: windows.map(({ figures }) => figures.levels[level] ?? 0),
    })),
  }
}

function durationOption(windows: readonly Window[], median: string, slow: string) {
  const line = (name: string, pick: 'p50' | 'p95', color: string) => ({
    name,
    type: 'line',
    showSymbol: false,
    itemStyle: { color },
    data: windows.map(({ figures }) => figures[pick]?.toFixed(1) ?? null),
  })
  return {
    grid: GRID,
    legend: { top: 0 },
    tooltip: { trigger: 'axis' },
    xAxis: { type: 'category', data: windows.map(({ end }) => clock(end)) },
    yAxis: { type: 'value' },
    series: [line(median, 'p50', '#1677ff'), line(slow, 'p95', '#fa8c16')],
  }
}
