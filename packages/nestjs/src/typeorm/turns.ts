import { AsyncLocalStorage } from 'node:async_hooks'
import type { DataSource, EntityManager } from 'typeorm'

/**
 * TypeORM gives every caller of a SQLite data source the same connection. Two transactions at once run into
 * each other there (the second one becomes a savepoint of the first, or fails), and a query outside sees rows
 * that may still be rolled back: a relay would send events of an order that never was. So they take turns.
 */
const ONE_CONNECTION = new Set<string>([
  'better-sqlite3',
  'sqljs',
  'sqlite',
  'capacitor',
  'cordova',
  'expo',
  'nativescript',
  'react-native',
])

const turns = new WeakMap<DataSource, Turns>()

/**
 * Makes top-level transactions of a SQLite data source take turns; does nothing for other databases. Calling
 * it again changes nothing. A transaction begun inside another one stays a savepoint of it.
 */
export function serializeTransactions(dataSource: DataSource): void {
  if (!ONE_CONNECTION.has(dataSource.options.type) || turns.has(dataSource)) return
  const own = new Turns()
  turns.set(dataSource, own)
  const { manager } = dataSource
  const begin = manager.transaction.bind(manager) as (...args: unknown[]) => Promise<unknown>
  manager.transaction = ((...args: unknown[]) =>
    own.take(() => begin(...args))) as EntityManager['transaction']
}

/** Runs `work` while no transaction of another caller is open on the connection it would share. */
export function outsideTransactions<T>(dataSource: DataSource, work: () => Promise<T>): Promise<T> {
  const own = turns.get(dataSource)
  return own === undefined ? work() : own.take(work)
}

/** One at a time, in order of asking. What runs inside a turn does not wait for its own end. */
class Turns {
  readonly #inside = new AsyncLocalStorage<boolean>()
  #last: Promise<unknown> = Promise.resolve()

  take<T>(work: () => Promise<T>): Promise<T> {
    if (this.#inside.getStore() === true) return work()
    const turn = this.#last.then(() => this.#inside.run(true, work))
    // The next turn comes also after a failure, which belongs to the caller of this one.
    this.#last = Promise.allSettled([turn])
    return turn
  }
}
