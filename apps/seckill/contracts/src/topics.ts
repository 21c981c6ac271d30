import type { TopicPlan, TopicsPlan } from '@rockhopper/service'

/** Topics of the seckill. Bodies are plain JSON; the key of every message is its ticket or its item. */
export const Topic = {
  /** request: somebody wants an item. Sharding key is the item, so its queue is the order of arrival. */
  REQUEST: 'seckill_topic',
  /** won, lost, paid, released: the answer to a ticket, and what became of it. */
  RESULT: 'seckill_result_topic',
  /** changed: how much of an item is left where the gate has to know: sold out, or given back. */
  GATE: 'seckill_gate_topic',
  /** due: a win whose time to pay is over. Delayed. */
  UNPAID: 'seckill_unpaid_topic',
  /** campaign, ticket, pay: what an instance of the API asks the worker. */
  QUESTION: 'seckill',
} as const

/** Every topic and how many queues it gets. */
export const SECKILL_TOPICS: readonly TopicPlan[] = [
  { topic: Topic.REQUEST, queues: 4, type: 'FIFO' },
  { topic: Topic.RESULT, queues: 4 },
  { topic: Topic.GATE, queues: 4 },
  { topic: Topic.UNPAID, queues: 4, type: 'DELAY' },
  { topic: Topic.QUESTION, queues: 4 },
]

/** Consumer groups of the seckill. The two of the API are broadcast: every instance has to know. */
export const Group = {
  WORKER: 'seckill_worker',
  WORKER_UNPAID: 'seckill_worker_unpaid',
  WORKER_QUESTIONS: 'seckill_worker_questions',
  NOTIFIER: 'seckill_notifier',
  API_RESULTS: 'seckill_api_results',
  API_GATE: 'seckill_api_gate',
} as const

/** What the services need of a broker. The file says the same to who runs them: a test compares the two. */
export const SECKILL_PLAN: TopicsPlan = {
  file: 'apps/seckill/topics.yaml',
  topics: SECKILL_TOPICS,
  groups: Object.values(Group),
}
