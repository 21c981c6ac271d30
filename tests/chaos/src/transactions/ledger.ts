import Database from 'better-sqlite3'

export type Decision = 'COMMITTED' | 'ROLLED_BACK'

/**
 * The database of a transactional application, shared by its processes: what it says about a transaction is
 * what must become of its message.
 */
export class Ledger {
  readonly #db: Database.Database

  constructor(file: string) {
    this.#db = new Database(file)
    this.#db.pragma('journal_mode = WAL')
    this.#db.pragma('busy_timeout = 5000')
    this.#db.exec('CREATE TABLE IF NOT EXISTS decisions (id TEXT PRIMARY KEY, decision TEXT NOT NULL)')
  }

  /** The first decision stays. Returns it. */
  decide(id: string, decision: Decision): Decision {
    this.#db.prepare('INSERT OR IGNORE INTO decisions VALUES (?, ?)').run(id, decision)
    const row = this.#db.prepare('SELECT decision FROM decisions WHERE id = ?').get(id)
    return (row as { decision: Decision }).decision
  }

  of(decision: Decision): Set<string> {
    const rows = this.#db.prepare('SELECT id FROM decisions WHERE decision = ?').all(decision)
    return new Set((rows as { id: string }[]).map(({ id }) => id))
  }

  close(): void {
    this.#db.close()
  }
}
