import { Inject, Injectable } from '@nestjs/common'
import { PAYMENT_LIMIT_CENTS } from '@rockhopper/shop-contracts'
import { DataSource } from 'typeorm'
import { ProviderRow } from './provider-row.js'

export type ChargeResult = { readonly outcome: 'done' | 'refused'; readonly reference: string }

/** A company that moves money. A repeated call with one idempotency key gets the first call's result. */
export interface PaymentProvider {
  charge(idempotencyKey: string, amountCents: number): Promise<ChargeResult>
  refund(idempotencyKey: string, amountCents: number): Promise<ChargeResult>
  /** What came of an earlier call with this key; undefined when there was none. */
  find(idempotencyKey: string): Promise<ChargeResult | undefined>
}

export const PAYMENT_PROVIDER = Symbol('PAYMENT_PROVIDER')

/** The demo's provider: keeps a book of its own and refuses what is above the limit of the card. */
@Injectable()
export class BookProvider implements PaymentProvider {
  constructor(@Inject(DataSource) private readonly database: DataSource) {}

  charge(idempotencyKey: string, amountCents: number): Promise<ChargeResult> {
    return this.#enter(
      idempotencyKey,
      'charge',
      amountCents,
      amountCents > PAYMENT_LIMIT_CENTS ? 'refused' : 'done',
    )
  }

  refund(idempotencyKey: string, amountCents: number): Promise<ChargeResult> {
    return this.#enter(idempotencyKey, 'refund', amountCents, 'done')
  }

  async find(idempotencyKey: string): Promise<ChargeResult | undefined> {
    const entry = await this.database.getRepository(ProviderRow).findOneBy({ idempotencyKey })
    return entry === null ? undefined : { outcome: entry.outcome, reference: idempotencyKey }
  }

  async #enter(
    idempotencyKey: string,
    kind: ProviderRow['kind'],
    amountCents: number,
    outcome: ProviderRow['outcome'],
  ): Promise<ChargeResult> {
    // A transaction of its own: the entry is there when the caller has the answer, whatever others roll back.
    const entry = await this.database.transaction(async (manager) => {
      const book = manager.getRepository(ProviderRow)
      await book
        .createQueryBuilder()
        .insert()
        .values({ idempotencyKey, kind, amountCents, outcome })
        .orIgnore()
        .execute()
      return book.findOneByOrFail({ idempotencyKey })
    })
    return { outcome: entry.outcome, reference: entry.idempotencyKey }
  }
}
