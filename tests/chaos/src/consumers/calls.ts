import Database from 'better-sqlite3'

/** One listener call for one message, in the order of their effects. */
export interface Call {
  readonly id: string
  readonly reconsumeTimes: number
  readonly done: boolean
  readonly member: string
}

/** What the members of a group did, kept outside of RocketMQ: one row per call, shared by their processes. */
export class Calls {
  readonly #db: Database.Database
  readonly #insert: Database.Statement

  constructor(file: string) {
    this.#db = new Database(file)
    this.#db.pragma('journal_mode = WAL')
    this.#db.pragma('synchronous = OFF')
    this.#db.pragma('busy_timeout = 20000')
    const columns = 'at INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT, times INTEGER, done INTEGER, member TEXT'
    this.#db.exec(`CREATE TABLE IF NOT EXISTS calls (${columns})`)
    this.#insert = this.#db.prepare('INSERT INTO calls (id, times, done, member) VALUES (?, ?, ?, ?)')
  }

  note({ done, id, member, reconsumeTimes }: Call): void {
    this.#insert.run(id, reconsumeTimes, done ? 1 : 0, member)
  }

  get count(): number {
    return (this.#db.prepare('SELECT count(*) AS n FROM calls').get() as { n: number }).n
  }

  /** Messages that were done at least once. */
  get doneCount(): number {
    return (
      this.#db.prepare('SELECT count(DISTINCT id) AS n FROM calls WHERE done = 1').get() as { n: number }
    ).n
  }

  all(): Call[] {
    const rows = this.#db.prepare('SELECT id, times, done, member FROM calls ORDER BY at').all()
    return (rows as { id: string; times: number; done: number; member: string }[]).map((row) => {
      return { id: row.id, reconsumeTimes: row.times, done: row.done === 1, member: row.member }
    })
  }

  close(): void {
    this.#db.close()
  }
}
