import type { Language } from './language.js'

const ENGLISH = {
  title: 'Rockhopper console',
  intro:
    'The broker behind the pages: its topics and groups, what waits, what was given up, and every message ' +
    'that is kept. It asks with the commands of mqadmin, so any RocketMQ broker could be behind it.',
  live: 'live',
  offline: 'the broker does not answer',
  brokers: 'Brokers',
  topics: 'Topics',
  groups: 'Groups',
  messages: 'Messages',
  topic: 'Topic',
  queues: 'Queues',
  kept: 'Messages kept',
  last: 'Last message',
  all: 'Also retries, dead letters and the broker’s own',
  group: 'Group',
  members: 'Members',
  lag: 'Lag',
  broadcast: 'broadcast',
  broadcastMeans:
    'Every member gets every message and keeps its own offsets; the broker has none. Lag is that of the ' +
    'slowest member.',
  deadLetters: 'Dead letters',
  reads: 'Reads',
  key: 'Key or message id; empty: the newest',
  find: 'Find',
  none: 'No such message',
  queue: 'Queue',
  deliveries: 'failed deliveries',
  bytes: 'bytes',
  lagging: 'Waiting in all groups',
}

export type ConsoleWords = Readonly<Record<keyof typeof ENGLISH, string>>

const CHINESE: ConsoleWords = {
  title: 'Rockhopper 控制台',
  intro:
    '页面背后的 Broker：主题与消费组、堆积与死信，以及保存的每一条消息。查询用的是 mqadmin 的命令，换成任何 RocketMQ Broker 都可以。',
  live: '实时',
  offline: 'Broker 没有应答',
  brokers: 'Broker',
  topics: '主题',
  groups: '消费组',
  messages: '消息',
  topic: '主题',
  queues: '队列数',
  kept: '保存的消息',
  last: '最近一条',
  all: '包括重试、死信和系统主题',
  group: '消费组',
  members: '在线成员',
  lag: '堆积',
  broadcast: '广播',
  broadcastMeans: '每个成员都收到全部消息，消费位点由成员自己保存，Broker 上没有；堆积取最慢的成员。',
  deadLetters: '死信',
  reads: '订阅',
  key: 'Key 或消息 ID；留空则为最新消息',
  find: '查询',
  none: '没有这样的消息',
  queue: '队列',
  deliveries: '次投递失败',
  bytes: '字节',
  lagging: '全部堆积',
}

export const consoleWordsIn = (language: Language): ConsoleWords => (language === 'zh' ? CHINESE : ENGLISH)
