import { setTimeout as sleep } from 'node:timers/promises'
import { AVG, AVG_BY_CIRCLE, type ConsumeFromWhere, type MessageView, PushConsumer } from '@rockhopper/client'
import { emit, emitReceived } from './lines.js'
import { number, type Options, required, switched, text } from './options.js'
import { toldHooks } from './told-hooks.js'

/** Level 1, one second: a test does not wait ten for the usual level 3. */
const RETRY_DELAY_LEVEL = 1
const SUSPEND_MS = 200

const FROM_WHERE: Readonly<Record<string, ConsumeFromWhere>> = {
  first: 'CONSUME_FROM_FIRST_OFFSET',
  last: 'CONSUME_FROM_LAST_OFFSET',
  timestamp: 'CONSUME_FROM_TIMESTAMP',
}

/** What Consume.java does, with our push consumer; resolves with the exit code. */
export async function consume(options: Options): Promise<number> {
  const topic = required(options, 'topic')
  const orderly = switched(options, 'orderly')
  const consumer = new PushConsumer({
    namesrvAddr: required(options, 'nameserver'),
    consumerGroup: required(options, 'group'),
    consumeFromWhere: FROM_WHERE[text(options, 'from', 'first')] ?? 'CONSUME_FROM_FIRST_OFFSET',
    ...(options.has('timestamp') ? { consumeTimestamp: required(options, 'timestamp') } : {}),
    messageModel: switched(options, 'broadcast') ? 'BROADCASTING' : 'CLUSTERING',
    maxReconsumeTimes: number(options, 'max-reconsume', -1),
    offsetStoreDir: text(options, 'offset-dir', '.'),
    pollNameServerIntervalMs: 5_000,
    rebalanceIntervalMs: 1_000,
    allocateStrategy: text(options, 'allocate', '') === 'circle' ? AVG_BY_CIRCLE : AVG,
    orderly,
    hooks: toldHooks(options),
  })
  const sql = text(options, 'sql', '')
  consumer.subscribe(topic, sql === '' ? text(options, 'expression', '*') : { sql })
  const intake = new Intake(options)
  await consumer.start((messages, context) => {
    context.delayLevelWhenNextConsume = RETRY_DELAY_LEVEL
    context.suspendCurrentQueueTimeMs = SUSPEND_MS
    return intake.accept(messages) ? 'CONSUME_SUCCESS' : 'RECONSUME_LATER'
  })
  emit({ event: 'started' })
  process.stdin.resume().once('end', () => intake.end('done'))
  const deadline = setTimeout(() => intake.end('deadline'), number(options, 'deadline-ms', 60_000))
  void consumer.ready().then(() => emit({ event: 'ready' }))
  const outcome = await intake.ended
  clearTimeout(deadline)
  if (outcome === 'done') await sleep(number(options, 'linger-ms', 0))
  await consumer.shutdown()
  emit({ event: outcome, distinct: intake.distinct })
  return outcome === 'done' ? 0 : 3
}

/** Counts distinct messages, and fails the first attempts of those it is told to. */
class Intake {
  readonly ended: Promise<'done' | 'deadline'>
  readonly #failAttempts: number
  readonly #failTag: string
  readonly #count: number
  readonly #failures = new Map<string, number>()
  readonly #distinct = new Set<string>()
  #end: (outcome: 'done' | 'deadline') => void = () => undefined

  constructor(options: Options) {
    this.#failAttempts = number(options, 'fail-attempts', 0)
    this.#failTag = text(options, 'fail-tag', '')
    this.#count = number(options, 'count', 0)
    this.ended = new Promise((resolve) => {
      this.#end = resolve
    })
  }

  get distinct(): number {
    return this.#distinct.size
  }

  end(outcome: 'done' | 'deadline'): void {
    this.#end(outcome)
  }

  accept(messages: readonly MessageView[]): boolean {
    let accepted = true
    for (const message of messages) {
      emitReceived(message)
      const { messageId } = message
      const failures = this.#failures.get(messageId) ?? 0
      const chosen = this.#failTag === '' || this.#failTag === message.tag
      if (chosen && failures < this.#failAttempts) {
        this.#failures.set(messageId, failures + 1)
        accepted = false
      } else {
        this.#distinct.add(messageId)
      }
    }
    if (this.#count > 0 && this.#distinct.size >= this.#count) this.#end('done')
    return accepted
  }
}
