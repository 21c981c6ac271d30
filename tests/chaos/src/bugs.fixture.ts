export interface Bug {
  readonly file: string
  readonly find: string
  readonly replace: string
}

/** Pieces of compiled code and what they are replaced with, by the promise they break. */
export const BUGS = {
  'inbox off': [
    {
      file: '/nestjs/dist/typeorm/inbox.js',
      find: 'if (!(await this.#claim(manager, key)))',
      replace: 'if (false)',
    },
  ],
  'ack before commit': [
    {
      file: '/nestjs/dist/group-consumer.js',
      find: 'if (calls.begin(call))',
      // Longer than the 5 s after which a consumer tells the broker how far it is.
      replace: `calls.begin(call);
        calls.end(call, { kind: 'done' });
        setTimeout(() => handle(call), 6_000);
        if (false)`,
    },
  ],
  'relay marks before send': [
    {
      file: '/nestjs/dist/typeorm/outbox-relay.js',
      find: '({ messageId } = await this.#publisher.publish(',
      replace: `await this.#claims.sent(row.id, '', this.#clock.now());
        ({ messageId } = await this.#publisher.publish(`,
    },
  ],
  'check-back without a look': [
    {
      file: '/nestjs/dist/typeorm/transaction.js',
      find: 'const found = await this.#find(messageId);',
      replace: "return 'ROLLBACK_MESSAGE';",
    },
  ],
  'no tombstone': [
    {
      file: '/inventory/dist/stock.js',
      find: "await manager.insert(ReservationRow, { orderId, status: 'TOMBSTONE', items: [] });",
      replace: '',
    },
  ],
  'seckill without unique key': [
    {
      file: '/worker/dist/ticket-row.js',
      find: '{ unique: true }',
      replace: '{ unique: false }',
    },
    {
      file: '/worker/dist/decisions.js',
      find: 'if (before !== null)',
      replace: 'if (false)',
    },
    {
      file: '/worker/dist/decisions.js',
      find: '...{ ticket, campaignId, itemId, userId },',
      replace: 'ticket: before === null ? ticket : ticket + Math.random(), campaignId, itemId, userId,',
    },
  ],
  'seckill counter not released': [
    {
      file: '/worker/dist/wins.js',
      find: "remaining: () => 'remaining + 1',",
      replace: '',
    },
  ],
  'seckill stock read then write': [
    {
      file: '/worker/dist/decisions.js',
      find: `    const { affected } = await manager
        .createQueryBuilder()
        .update(ItemRow)
        .set({ remaining: () => 'remaining - 1', version: () => 'version + 1' })
        .where({ id, remaining: MoreThan(0) })`,
      // The pause between the two is what a busy database makes of it.
      replace: `    const seen = await manager.findOneBy(ItemRow, { id });
    if (seen === null || seen.remaining === 0) return false;
    await new Promise((resolve) => setTimeout(resolve, 20));
    const { affected } = await manager
        .createQueryBuilder()
        .update(ItemRow)
        .set({ remaining: seen.remaining - 1, version: () => 'version + 1' })
        .where({ id })`,
    },
  ],
  'offset before rename': [
    {
      file: '/storage/dist/sink-loop.js',
      find: 'for (const [queue, run] of byQueue(messages))',
      replace: 'await consumer.commit(); for (const [queue, run] of byQueue(messages))',
    },
    {
      file: '/storage/dist/archive-sink.js',
      find: 'this.#recent.set(name, recent);\n        return next;',
      replace: 'this.#recent.set(name, recent);\n        return undefined;',
    },
  ],
  'random document id': [
    {
      file: '/storage/dist/elasticsearch-sink.js',
      find: '_id: line.id',
      replace: '_id: line.id + Math.random()',
    },
  ],
  'index by processing time': [
    {
      file: '/storage/dist/elasticsearch-sink.js',
      find: 'indexOf(this.#prefix, line)',
      replace: 'indexOf(this.#prefix, { at: Date.now() })',
    },
  ],
  'analytics without a fence': [
    {
      file: '/analytics/dist/window-counting.js',
      find: '{ queue, owner: this.#owner, nextOffset: expected }',
      replace: '{ queue }',
    },
  ],
  'broker acks before it writes': [
    {
      file: '/broker/dist/tickets.js',
      find: '    add(ticket, needs) {',
      replace: "    add(ticket, needs) {\n        ticket.settle({ status: 'PUT_OK' });\n        return;",
    },
    {
      file: '/store/dist/flush.js',
      find: 'this.#options.clock.endOfTurn(() => {',
      replace: 'this.#options.clock.after(150, () => {',
    },
  ],
} as const satisfies Record<string, readonly Bug[]>

export type BugName = keyof typeof BUGS

/** Environment of a process that gets the bug. */
export function withBug(name: BugName): Record<string, string> {
  return withPieces(BUGS[name])
}

/** Environment of a process in which these pieces of compiled code are others. */
export function withPieces(pieces: readonly Bug[]): Record<string, string> {
  const loader = new URL('../dist/plant-loader.js', import.meta.url).href
  return { NODE_OPTIONS: `--import=${loader}`, ROCKHOPPER_PLANT: JSON.stringify(pieces) }
}
