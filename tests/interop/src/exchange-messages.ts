import { assortedMessages, noise, type Planned } from './plan.js'

/** Messages of all kinds that a store can hold, by how they are sent. */
export interface ExchangeMessages {
  /** Alone and in batches. */
  readonly plain: readonly Planned[]
  /** As transactions: those tagged `rollback` never come. */
  readonly transactional: readonly Planned[]
}

/** Close to the 4 MiB that a broker takes, and not to be compressed. */
const BIG = 4_190_000
const BIGS = 4
const TRANSACTIONS = 12
/** Levels 1 and 5: a second, and a minute, in which a broker ends and the next one starts. */
const SOON = 1
const LATER = 5

export function exchangeMessages(topic: string, count: number, label: string): ExchangeMessages {
  const bigs = Array.from({ length: BIGS }, (_, i) => ({
    topic,
    keys: `${label}-大-${i} big`,
    tag: '标签',
    body: noise(`${label} big ${i}`, BIG),
  }))
  const transactional = Array.from({ length: TRANSACTIONS }, (_, i) => ({
    topic,
    keys: `${label}-tx-${i}`,
    tag: i % 3 === 2 ? 'rollback' : 'paid',
    body: Buffer.from(`transaction ${label} ${i} 🧾`),
    properties: { origin: label },
  }))
  return { plain: [...bigs, ...assortedMessages(topic, count, label)], transactional }
}

/** All that consumers get of them. */
export function delivered({ plain, transactional }: ExchangeMessages): Planned[] {
  return [...plain, ...transactional.filter(({ tag }) => tag !== 'rollback')]
}

export function delayedMessages(topic: string, label: string): { soon: Planned[]; later: Planned[] } {
  const some = (delayLevel: number) =>
    [1, 2, 3, 4].map((i) => ({
      topic,
      keys: `${label}-level-${delayLevel}-${i}`,
      body: Buffer.from(`delayed ${label} ${i}`),
      delayLevel,
    }))
  return { soon: some(SOON), later: some(LATER) }
}
