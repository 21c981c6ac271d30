import { Inject, Injectable, type OnModuleInit } from '@nestjs/common'
import { CATALOGUE, type PriceChanged } from '@rockhopper/shop-contracts'
import { DataSource } from 'typeorm'
import { PriceRow } from './price-row.js'

/**
 * The prices this instance knows, for when the stock keeper does not answer. Changes come by broadcast, to
 * every instance; the table is for the next life of one, and for a new one.
 */
@Injectable()
export class Prices implements OnModuleInit {
  readonly #known = new Map<number, PriceRow>()

  constructor(@Inject(DataSource) private readonly database: DataSource) {}

  async onModuleInit(): Promise<void> {
    for (const row of await this.database.getRepository(PriceRow).find()) this.#known.set(row.pid, row)
  }

  list(): PriceRow[] {
    return [...this.#known.values()].sort((a, b) => a.pid - b.pid)
  }

  /** False when this price, or a later one, is known already. */
  async learn({ pid, name, unitPriceCents, priceVersion }: PriceChanged): Promise<boolean> {
    const known = this.#known.get(pid)
    if (known !== undefined && known.priceVersion >= priceVersion) return false
    const row = { pid, name, unitPriceCents, priceVersion }
    this.#known.set(pid, row)
    // One statement: `save` would open a transaction of its own on the one connection that SQLite has.
    await this.database.getRepository(PriceRow).upsert(row, ['pid'])
    return true
  }

  of(pid: number): Pick<PriceRow, 'name' | 'unitPriceCents'> | undefined {
    return this.#known.get(pid) ?? CATALOGUE.find((product) => product.pid === pid)
  }
}
