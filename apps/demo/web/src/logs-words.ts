import type { Language } from './language.js'

const ENGLISH = {
  title: 'Rockhopper log pipeline',
  intro:
    'Three services log: over HTTP, into a file, and straight to the topic. Collector, storage, analytics ' +
    'take it from there, each a process of its own. Kill what you like: lines wait, and each is kept and ' +
    'counted once.',
  live: 'live',
  offline: 'the analytics does not answer',
  rate: 'Lines per second',
  errors: 'Errors',
  median: 'Median',
  slow: '95th percentile',
  kept: 'Kept since start',
  repeats: 'Repeats dropped',
  late: 'Too late',
  byLevel: 'Lines by level, windows of 5 s',
  durations: 'Durations of the last 30 s in ms (± 1 %)',
  messages: 'Most frequent messages of the last 30 s',
  newest: 'Newest lines',
  waiting: 'Nothing was logged yet',
  sink: 'Sink',
  down: 'down',
  json: 'As JSON',
}

export type Words = Readonly<Record<keyof typeof ENGLISH, string>>

const CHINESE: Words = {
  title: 'Rockhopper 日志管道',
  intro:
    '三个服务在写日志：经 HTTP、写入文件、直接发往主题。采集、存储、分析各是一个独立进程。随意终止任何一个：日志会等待，每一行只保存一次、只统计一次。',
  live: '实时',
  offline: '分析服务没有响应',
  rate: '每秒行数',
  errors: '错误',
  median: '中位数',
  slow: '95 百分位',
  kept: '启动后已保存',
  repeats: '已去重',
  late: '过迟',
  byLevel: '各级别行数（5 秒窗口）',
  durations: '最近 30 秒耗时，毫秒（± 1 %）',
  messages: '最近 30 秒最常见的消息',
  newest: '最新日志',
  waiting: '还没有日志',
  sink: '存储',
  down: '不可用',
  json: 'JSON 数据',
}

export const wordsIn = (language: Language): Words => (language === 'zh' ? CHINESE : ENGLISH)
