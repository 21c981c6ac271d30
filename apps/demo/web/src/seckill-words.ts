import type { Language } from './language.js'

const ENGLISH = {
  title: 'Rockhopper seckill',
  intro:
    'Far more people than pieces. A request is answered with a ticket when the broker has it; the worker ' +
    'decides at its own rate, in the order of arrival. Who wins and does not pay in 20 s gives it back.',
  live: 'live',
  offline: 'the crowd does not answer',
  rush: 'Let them rush',
  users: 'Users',
  seconds: 'Within seconds',
  stock: 'Pieces',
  curves: 'Requests coming in, decisions made, per second',
  depth: 'Tickets waiting, and ms to a ticket (p99)',
  arriving: 'Requests',
  deciding: 'Decisions',
  waiting: 'Waiting',
  latency: 'p99 in ms',
  left: 'Left',
  won: 'To be paid',
  paid: 'Paid',
  released: 'Given back',
  lost: 'Came too late',
  refused: 'Refused at the gate',
  median: 'Ticket after (median)',
}

export type SeckillWords = Readonly<Record<keyof typeof ENGLISH, string>>

const CHINESE: SeckillWords = {
  title: 'Rockhopper 秒杀',
  intro:
    '人远比货多。Broker 收到请求后立即返回号码；处理服务按自己的速度、按到达顺序决定结果。抢到但 20 秒内未付款的会被收回。',
  live: '实时',
  offline: '人群进程没有响应',
  rush: '开抢',
  users: '用户数',
  seconds: '秒内到达',
  stock: '库存',
  curves: '每秒到达的请求与每秒的处理数',
  depth: '排队的号码与取号耗时（p99，毫秒）',
  arriving: '请求',
  deciding: '处理',
  waiting: '排队',
  latency: 'p99 毫秒',
  left: '剩余',
  won: '待付款',
  paid: '已付款',
  released: '已收回',
  lost: '未抢到',
  refused: '入口拒绝',
  median: '取号中位数',
}

export const seckillWordsIn = (language: Language): SeckillWords => (language === 'zh' ? CHINESE : ENGLISH)
