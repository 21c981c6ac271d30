import { join } from 'node:path'
import Database from 'better-sqlite3'
import { DataSource } from 'typeorm'

export type Row = Readonly<Record<string, string | number | null>>

/** Reads the tables of the shop's services: files of theirs, or schemas of one database of PostgreSQL. */
export class ShopTables {
  readonly #folder: string
  readonly #databaseUrl: string | undefined
  /** One a service, connected at the first question. */
  readonly #schemas = new Map<string, Promise<DataSource>>()

  constructor(folder: string, databaseUrl?: string) {
    this.#folder = folder
    this.#databaseUrl = databaseUrl
  }

  async rows(service: string, sql: string): Promise<Row[]> {
    if (this.#databaseUrl !== undefined) return (await this.#schema(service, this.#databaseUrl)).query(sql)
    const database = new Database(join(this.#folder, `${service}.sqlite`), { timeout: 2_000 })
    try {
      return database.prepare(sql).all() as Row[]
    } finally {
      database.close()
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#schemas.values()].map(async (schema) => (await schema).destroy()))
  }

  #schema(service: string, url: string): Promise<DataSource> {
    const known = this.#schemas.get(service)
    if (known !== undefined) return known
    const extra = { options: `-c search_path=${service}`, max: 1 }
    const connecting = new DataSource({ type: 'postgres', url, extra }).initialize()
    this.#schemas.set(service, connecting)
    return connecting
  }
}
