/** A rule that clients and consumers must keep, and where that is done. */
export interface ReliabilityRule {
  readonly id: string
  /** What holds, and by which limits. */
  readonly holds: string
  /** Relative to packages/. */
  readonly keptIn: readonly string[]
}

/** Rules 25 to 35 of the checklist that this project was reviewed by: clients and consumers. */
export const RELIABILITY_RULES: readonly ReliabilityRule[] = [
  {
    id: 'R25',
    holds:
      'every request has a deadline (`requestTimeoutMs`, 3 s) and may be given up by a signal; a ' +
      'closed connection rejects all that waits on it within 100 ms; unknown, late and doubled ' +
      'answers are dropped and counted; opaques wrap',
    keptIn: ['remoting/src/connection/pending-requests.ts', 'client/src/wait.ts'],
  },
  {
    id: 'R26',
    holds:
      'nothing that waits is without a limit: `pullThresholdForQueue` 1,000 messages, ' +
      '`pullThresholdSizeForQueueMiB` 100 and `consumeConcurrentlyMaxSpan` 2,000 of a queue (a ' +
      'limit is looked at before a pull, which may bring `pullBatchSize` more), `sendsInFlightMax` ' +
      '65,535, `pendingMax` 65,535 of a connection, `checkRequestHoldMax` 2,000, 2,048 traces; what' +
      ' a lite pull consumer lost goes at once',
    keptIn: [
      'client/src/consuming/process-queue.ts',
      'client/src/consuming/polled-consumption.ts',
      'client/src/producer.ts',
      'client/src/producing/transaction-checks.ts',
      'client/src/tracing/trace-dispatcher.ts',
      'remoting/src/connection/limits.ts',
    ],
  },
  {
    id: 'R27',
    holds:
      'connects are tried after 100 ms, then twice as late each time up to 5 s, half to one and a ' +
      'half of it by chance; so 1,000 clients come back over 5 s or more when the broker was away ' +
      'for longer than that, and over the second of their pulls and heartbeats when it was away for' +
      ' less',
    keptIn: ['remoting/src/connection/backoff.ts', 'client/src/consuming/pull-loop.ts', 'client/src/wait.ts'],
  },
  {
    id: 'R28',
    holds:
      'an offset moves only after the listener ended; a throw, a rejection and a promise that never' +
      ' settles (`consumeTimeoutMs`) are retries, the limit is a dead letter; what could be given ' +
      'back nowhere stays unacknowledged; a poison message holds no other up',
    keptIn: ['client/src/consuming/concurrent-consumption.ts', 'client/src/consuming/send-back.ts'],
  },
  {
    id: 'R29',
    holds: 'an orderly consumer whose lock was lost, or grew 30 s old, stops and moves no offset',
    keptIn: ['client/src/consuming/queue-locks.ts', 'client/src/consuming/orderly-consumption.ts'],
  },
  {
    id: 'R30',
    holds:
      'a group is stable two rounds after the last change, skips nothing and repeats at most 1 %: a' +
      ' queue is left for 300 ms to the living member that had it, which commits meanwhile',
    keptIn: ['client/src/consuming/rebalance.ts', 'client/src/consuming/handover.ts'],
  },
  {
    id: 'R31',
    holds: 'what is sent are the bytes of the moment of the call; what outlives a request is copied',
    keptIn: ['client/src/producing/outgoing-message.ts', 'remoting/src/connection/outbound.ts'],
  },
  {
    id: 'R32',
    holds:
      'a message of a transaction is visible if and only if it committed; the first decision ' +
      'counts; clients cannot read the half topic; any member of the group is asked, 15 times, then' +
      ' the message is discarded',
    keptIn: ['broker/src/transaction/end-transaction.ts', 'broker/src/transaction/half-decisions.ts'],
  },
  {
    id: 'R33',
    holds:
      'delayed and timed messages are never early by the clock of the broker, survive kills, and a ' +
      'million due at once are delivered a few in a turn of the loop',
    keptIn: ['broker/src/timer', 'broker/src/schedule-level.ts'],
  },
  {
    id: 'R34',
    holds:
      'each retry counts one more, then the message is a dead letter: sent is acknowledged and dead' +
      ' letters; a late acknowledgement with an old receipt removes nothing',
    keptIn: ['broker/src/pop', 'client/src/consuming/send-back.ts'],
  },
  {
    id: 'R35',
    holds:
      'a crash between the commit of a database and the acknowledgement leaves one effect: an inbox' +
      ' by key, an outbox whose relay may repeat',
    keptIn: ['nestjs/src/typeorm/inbox.ts', 'nestjs/src/typeorm/outbox.ts'],
  },
]
